"""Presets: the named files of `conf/protocol` and `conf/experiment`, and the arguments that change them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from src.config.compose import parsed, search_path
from src.config.hydra_errors import rewording_errors
from src.config.suggestions import choice_remedy
from src.config.user_configs import config_places
from src.errors import UsageError

Preset = TypeVar("Preset")


def load_preset(
    schema: type[Preset],
    group: str,
    name: str,
    *,
    arguments: Sequence[str] = (),
    changes: Mapping[str, object] | None = None,
) -> Preset:
    """Loads `GROUP/NAME.yaml` from our configs or the user's.

    Args:
        schema: The dataclass of its content.
        group: `experiment` or `protocol`.
        name: The stem of the file.
        arguments: The command line, which may name folders of configs (`-cd DIR`).
        changes: Values that replace those of the file.

    Raises:
        UsageError: there is no such file, or its content does not fit the schema.
    """
    folders = reversed(_folders(arguments))  # where several have the file, the first one is used
    paths = {path.stem: path for folder in folders for path in folder.glob(f"{group}/*.yaml")}
    if name not in paths:
        raise UsageError(f"{group}={name}: {choice_remedy(name, sorted(paths))}")
    with rewording_errors():
        content = OmegaConf.load(paths[name])
        if not isinstance(content, DictConfig):
            raise UsageError(f"{paths[name]}: must have a key and a value on every line, as {group}s have")
        merged = OmegaConf.merge(OmegaConf.structured(schema), content, changes or {})
        preset = OmegaConf.to_object(merged)
    assert isinstance(preset, schema)
    return preset


def _folders(arguments: Sequence[str]) -> list[Path]:
    parsed(search_path(arguments))  # refuses a folder that does not exist
    return config_places(arguments)


def split_arguments(arguments: Sequence[str], fields: Collection[str]) -> tuple[dict[str, Any], dict[str, Override]]:
    """Splits a command line into the values of `fields` and the overrides of the runs, both by key.

    Raises:
        UsageError: an argument cannot be parsed.
    """
    overrides = {override.key_or_group: override for override in parsed(arguments)}
    values = {key: _value(overrides.pop(key)) for key in fields if key in overrides}
    return values, overrides


def _value(override: Override) -> Any:
    """The value of a field; `a,b` and `range(3)`, which no field takes, as text for the error message."""
    return str(override.input_line).partition("=")[2] if override.is_sweep_override() else override.value()
