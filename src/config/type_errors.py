"""Values of a wrong type in the config, in words: `epochs=many: must be an integer`."""

from __future__ import annotations

import dataclasses
import functools
import typing
from enum import Enum
from typing import Any

from omegaconf import DictConfig, Node, OmegaConf
from omegaconf.errors import ValidationError

from src.config.wording import as_text, type_in_words
from src.errors import UsageError


def wrong_type(error: ValidationError) -> str | None:
    """The key, its value and the type that the schema asks for; None if the error does not say which."""
    annotation = _annotation(error)
    if error.full_key is None or annotation is None or _is_enum(annotation):
        return None
    return f"{error.full_key}={as_text(_plain(error.value))}: must be {type_in_words(annotation)}"


def check_flags(schema: type, node: object, prefix: str = "") -> None:
    """Rejects numbers for `true` and `false`. OmegaConf would convert them, and any number but 0 would be true.

    Args:
        schema: A dataclass.
        node: The values of its fields, as composed.
        prefix: What precedes the names of the fields in the config.

    Raises:
        UsageError: names the key and its value.
    """
    if not isinstance(node, DictConfig):
        return
    for name in _flags(schema):
        value = OmegaConf.select(node, name, throw_on_resolution_failure=False)
        if type(value) in (int, float):
            raise UsageError(f"{prefix}{name}={value}: must be true or false")


@functools.cache
def _flags(schema: type) -> list[str]:
    return [name for name, annotation in typing.get_type_hints(schema).items() if annotation is bool]


def _annotation(error: ValidationError) -> Any:
    """The annotation of the field at fault, or that of the items of a list or a dictionary."""
    if dataclasses.is_dataclass(error.object_type):
        return typing.get_type_hints(error.object_type).get(str(error.key))
    items = typing.get_args(error.ref_type)
    return items[-1] if items and error.key is not None else error.ref_type


def _is_enum(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Enum)


def _plain(value: Any) -> Any:
    """The value of a node of OmegaConf, or any other value as it is."""
    if OmegaConf.is_config(value):
        return OmegaConf.to_container(value)
    return value._value() if isinstance(value, Node) else value
