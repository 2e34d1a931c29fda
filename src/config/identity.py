"""What makes two runs the same run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from src.config.schema import Config

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


def identity(config: Config) -> dict[str, Any]:
    """What a run was asked to compute, as dotted keys and plain values; what it was computed with is in its record."""
    asked = getattr(config, "asked", config)
    return {key: value for key, value in flatten(asdict(asked)).items() if key not in MACHINE_KEYS}


def config_hash(config: Config) -> str:
    """Sixteen hex digits that name a run's identity."""
    return digest(identity(config))
