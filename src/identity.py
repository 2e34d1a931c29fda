"""What makes two runs the same run."""

from __future__ import annotations

import hashlib
import json
from typing import Any

# What says where and how a run is made, not what it computes: no part of its identity.
MACHINE_KEYS = frozenset({"name", "data.root", "data.mirror", "data.fallback", "data.requested", "trainer.num_threads"})


def flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"a": {"b": 1}}` -> `{"a.b": 1}`; lists are leaves."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def digest(value: object) -> str:
    """Sixteen hex digits of a plain value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
