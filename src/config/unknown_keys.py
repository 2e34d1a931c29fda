"""Keys of a composed config that no run has, such as those of `+lr=0.1`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.schema import Config, DataConfig, TrainerConfig
from src.config.suggestions import known_keys, remedy_among
from src.config.wording import as_text
from src.errors import UsageError

_SCHEMAS = {"": Config, "data.": DataConfig, "trainer.": TrainerConfig}  # the other groups take any key


def check_keys(node: DictConfig) -> None:
    """Rejects a key that the schema does not have, with the one that may be meant.

    Raises:
        UsageError: names the key and its value.
    """
    for prefix, schema in _SCHEMAS.items():
        part = OmegaConf.select(node, prefix.rstrip(".")) if prefix else node
        names = {field.name for field in fields(schema)}
        if isinstance(part, DictConfig) and (unknown := [str(name) for name in part if name not in names]):
            root = f"{prefix}{unknown[0]}"
            key, value = _first_leaf(root, OmegaConf.to_container(part)[unknown[0]])  # type: ignore[index, call-overload]
            raise UsageError(f"{key}={as_text(value)}: unknown key; {remedy_among(key, _known_keys(node, root))}")


def _known_keys(node: DictConfig, unknown: str) -> list[str]:
    tree: Any = OmegaConf.to_container(node)
    return [key for key in known_keys(tree) if not f"{key}.".startswith(f"{unknown}.")]


def _first_leaf(key: str, value: object) -> tuple[str, object]:
    """The first value at or below `key`, with its own key."""
    while isinstance(value, dict) and value:
        name, value = next(iter(value.items()))
        key = f"{key}.{name}"
    return key, value
