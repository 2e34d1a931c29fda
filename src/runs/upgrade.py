"""Upgrades of records that earlier versions of this program wrote, one schema version at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from src.config.identity import digest, normalize_identity


def upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """The content of a record in the current schema; unchanged if it has that or an unknown version."""
    for version, upgrade in UPGRADES.items():
        if content.get("schema_version") == version:
            content = upgrade(content) | {"schema_version": version + 1}
    return content


def device_type_of(device: str | None) -> str | None:
    """The type of a device with this name: the names of processors end with the number of cores."""
    if device is None:
        return None
    return "cpu" if re.search(r", \d+ cores$", device) else "cuda"


def _from_2(content: dict[str, Any]) -> dict[str, Any]:
    """Removes the modules of our code and `optimizer.lr=auto` from the identity."""
    config, lr = normalize_identity(content.get("config") or {}), content.get("lr")
    requested = "auto" if config.get("optimizer.lr") == "auto" else None
    if requested and lr is not None:
        config = {key: _with_lr(value, lr) for key, value in config.items()} | {"optimizer.lr": lr}
    return {**content, "config": config, "config_hash": digest(config), "lr_requested": requested}


def _with_lr(value: Any, lr: float) -> Any:
    """`value`, or the number that version 2 wrote as a fraction of an unknown peak: "auto*0.1"."""
    is_fraction = isinstance(value, str) and value.startswith("auto*")
    return lr * float(value.removeprefix("auto*")) if is_fraction else value


def _from_3(content: dict[str, Any]) -> dict[str, Any]:
    """Adds the device type. The exact processor and the number of workers are unknown."""
    provenance = content.get("provenance") or {}
    config = _with_infinity(content.get("config") or {}, content.get("config_hash"))
    is_restored = config != content.get("config")
    return {
        **content,
        "config": config,
        "config_hash": digest(config) if is_restored else content.get("config_hash"),
        "device_type": device_type_of(provenance.get("device")),
        "provenance": {"cpu": None, "num_workers": None, **provenance},
    }


def _with_infinity(config: dict[str, Any], config_hash: object) -> dict[str, Any]:
    """`config` with the infinity or NaN in it, if there is one: version 3 hashed it, but wrote null."""
    if digest(config) == config_hash:
        return config
    for key in (key for key, value in config.items() if value is None):
        for number in ("inf", "-inf", "nan"):
            if digest({**config, key: float(number)}) == config_hash:
                return {**config, key: number}
    return config


UPGRADES: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {2: _from_2, 3: _from_3}
