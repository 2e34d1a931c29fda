"""Composition by Hydra: overrides in, a checked `Config` out; every refusal is a one-line `UsageError`."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from src.config import CONF, resolvers, user_configs
from src.config.checks import check_components, check_groups, check_ranges
from src.config.hydra_errors import rewording_composition, rewording_errors
from src.config.override_checks import check_form, check_group, check_override, check_owner
from src.config.schema import GROUPS, Config, TrainerConfig
from src.config.type_errors import check_flags
from src.config.unknown_keys import check_keys

resolvers.register()
user_configs.register()


@contextmanager
def composing() -> Iterator[None]:
    """Context in which `composed` works. It replaces Hydra's current context; `hydra.main` can still run afterward."""
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            yield
    finally:
        GlobalHydra.instance().clear()


def composed(overrides: Sequence[str]) -> DictConfig:
    """The primary config under `overrides`.

    Raises:
        UsageError: an override is malformed or names an unknown key or choice.
    """
    for line in overrides:
        check_owner(line)
        check_group(line, overrides)
    with rewording_composition(overrides):
        return compose("train", overrides=list(overrides))


def parsed(overrides: Sequence[str], *, takes_lists: bool = False) -> list[Override]:
    """The overrides as Hydra parses them.

    Args:
        overrides: `key=value`, `group=choice` and so on.
        takes_lists: Allow lists of choices, whose files Hydra would merge.

    Raises:
        UsageError: an override is malformed, sets a config group to something else than a name, or names a place for
            configs that does not exist.
    """
    for line in overrides:
        check_form(line)
    with rewording_composition(overrides):
        result = OverridesParser.create().parse_overrides(list(overrides))
    for override in result:
        check_override(override, overrides, takes_lists=takes_lists)
    return result


def search_path(overrides: Sequence[str]) -> list[str]:
    """The overrides that say where else configs are (`-cd DIR`): every composition needs them."""
    return [override for override in overrides if override.lstrip("+").startswith("hydra.searchpath=")]


def load_config(node: DictConfig) -> Config:
    """Checks a composed config and resolves every interpolation in it.

    Raises:
        UsageError: a type is wrong, a value is out of range, or two values contradict each other.
    """
    if "hydra" in node:
        node = OmegaConf.masked_copy(node, [str(key) for key in node if key != "hydra"])
    with rewording_errors():
        check_keys(node)
        check_flags(Config, node)
        check_flags(TrainerConfig, OmegaConf.select(node, "trainer"), "trainer.")
        typed = OmegaConf.merge(_schema(), node)
        check_groups(typed)
        check_ranges(typed)
        config = OmegaConf.to_object(typed)
    assert isinstance(config, Config)
    check_components(config)
    for group in GROUPS:
        _name_foreign_target(group, getattr(config, group))
    return config


@functools.cache  # a sweep loads the configs of all its runs; merging copies the schema
def _schema() -> DictConfig:
    schema: DictConfig = OmegaConf.structured(Config)
    return schema


def _name_foreign_target(group: str, component: dict[str, Any]) -> None:
    """Names a component after its class if a user replaced the `_target_` of one of our choices."""
    target = _target_of_choice(group, component["name"])
    if target is not None and target != component["_target_"]:
        component["name"] = component["_target_"].rpartition(".")[2]


@functools.cache  # a preview loads the configs of all schedules
def _target_of_choice(group: str, name: str) -> str | None:
    """The `_target_` of one of our choices; None if it is not ours."""
    path = CONF / group / f"{name}.yaml"
    return str(OmegaConf.select(OmegaConf.load(path), "_target_")) if path.exists() else None
