"""The identity of a run: what it computes, apart from where and with what."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from src.config.schema import Config

# Keys that do not identify a run: where data and results are, how a value was obtained, how many threads, which
# runs share passes.
MACHINE_KEYS = frozenset(
    {
        "name",
        "lr_requested",
        "lockstep",
        "data.root",
        "data.folder",
        "data.mirror",
        "data.mirrors",
        "data.fallback",
        "data.requested",
        "trainer.num_threads",
    }
)


# Keys that were added later. At these values they are left out, so that a run is the same one as before.
NEUTRAL = {"stop_hopeless": False}


def identity(config: Config) -> dict[str, Any]:
    """What a run computes, as dotted keys and plain values."""
    return normalize_identity(flatten(asdict(config)))


def normalize_identity(flat: Mapping[str, Any]) -> dict[str, Any]:
    """`flat` as JSON, without machine keys, neutral values, and the modules that our classes and functions live in.

    A module of ours that moves must not turn a finished run into another one, so `src.models.lenet` counts as `lenet`.
    JSON has no infinity and no NaN: they become strings, so that the identity can be computed from a record again.
    """
    return {
        key: value.rpartition(".")[2] if _is_project_target(key, value) else _without_infinities(value)
        for key, value in flat.items()
        if key not in MACHINE_KEYS and not (key in NEUTRAL and value == NEUTRAL[key])
    }


def config_hash(config: Config) -> str:
    """Sixteen hex digits that name a run's identity."""
    return digest(identity(config))


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"a": {"b": 1}}` -> `{"a.b": 1}`. Lists are leaves."""
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


def _without_infinities(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_infinities(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_infinities(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _is_project_target(key: str, value: object) -> bool:
    return key.endswith("._target_") and isinstance(value, str) and value.startswith("src.")
