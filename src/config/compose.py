"""Hydra's compose, with its refusals in one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src.config import CONF, resolvers
from src.config.checks import check_components, check_ranges
from src.config.schema import GROUPS, Config
from src.errors import UsageError, one_line

resolvers.register()


@contextmanager
def composing() -> Iterator[None]:
    """The context in which `composed` may be called; Hydra's main, which sets up one of its own, may come after it."""
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            yield
    finally:
        GlobalHydra.instance().clear()


def composed(overrides: Sequence[str]) -> DictConfig:
    """The primary config under `overrides`.

    Raises:
        UsageError: an override names what is not there, or cannot be read.
    """
    with refusing():
        return compose("train", overrides=list(overrides))


def parsed(overrides: Sequence[str]) -> list[Override]:
    """The overrides as Hydra reads them.

    Raises:
        UsageError: one cannot be read.
    """
    with refusing():
        return OverridesParser.create().parse_overrides(list(overrides))


@contextmanager
def refusing() -> Iterator[None]:
    """Turns what Hydra and OmegaConf raise into a UsageError of one line."""
    try:
        yield
    except MissingConfigException as error:
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        said = f"{group}={choice}: choose one of {', '.join(error.options)}" if error.options else one_line(error)
        raise UsageError(said) from error
    except (HydraException, OmegaConfBaseException) as error:
        raise UsageError(one_line(error)) from error


def load_config(node: DictConfig) -> Config:
    """Checks a composed config and returns it with every interpolation resolved.

    Raises:
        UsageError: a type is wrong, a value is impossible, or two values contradict each other.
    """
    bare = OmegaConf.masked_copy(node, [str(key) for key in node if key != "hydra"])
    try:
        typed = OmegaConf.merge(OmegaConf.structured(Config), bare)
        check_ranges(typed)
        config = OmegaConf.to_object(typed)
    except OmegaConfBaseException as error:
        raise UsageError(one_line(error)) from error
    assert isinstance(config, Config)
    check_components(config)
    for group in GROUPS:
        _name_foreign_target(group, getattr(config, group))
    return config


def _name_foreign_target(group: str, component: dict[str, Any]) -> None:
    """A class of the user's own that was put into a choice's place is not called by that choice's name."""
    path = CONF / group / f"{component['name']}.yaml"
    if path.exists() and OmegaConf.select(OmegaConf.load(path), "_target_") != component["_target_"]:
        component["name"] = component["_target_"].rpartition(".")[2]
