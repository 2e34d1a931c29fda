"""Automatic names of sweeps: the same command finds its folder again."""

from __future__ import annotations

from collections.abc import Iterable

from src.config.identity import MACHINE_KEYS, digest


def identifies_sweep(key: str) -> bool:
    """Whether an override of `key` makes a different sweep; where and how its runs are executed does not."""
    return key not in MACHINE_KEYS and key != "hydra/launcher" and not key.startswith("hydra.launcher.")


def automatic_name(prefix: str, overrides: Iterable[str], settings: Iterable[str] = ()) -> str:
    """`prefix` and a hash of `settings` and of the overrides that identify the sweep, in any order."""
    identifying = sorted(line for line in overrides if identifies_sweep(_key(line)))
    return f"{prefix}-{digest([*settings, *identifying])[:8]}"


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")
