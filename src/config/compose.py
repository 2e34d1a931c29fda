"""Composition by Hydra: overrides in, a checked `Config` out; every refusal is a one-line `UsageError`."""

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
from src.config.resolvers import AUTO
from src.config.schema import GROUPS, Config
from src.errors import UsageError, one_line

resolvers.register()


@contextmanager
def composing() -> Iterator[None]:
    """The context in which `composed` may be called. It replaces Hydra's current one."""
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
    with refusing():
        return compose("train", overrides=list(overrides))


def parsed(overrides: Sequence[str]) -> list[Override]:
    """The overrides as Hydra parses them.

    Raises:
        UsageError: an override is malformed.
    """
    with refusing():
        return OverridesParser.create().parse_overrides(list(overrides))


@contextmanager
def refusing() -> Iterator[None]:
    """Turns the exceptions of Hydra and OmegaConf into a one-line UsageError."""
    try:
        yield
    except MissingConfigException as error:
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        choices = f"{group}={choice}: choose one of {', '.join(error.options)}" if error.options else one_line(error)
        raise UsageError(choices) from error
    except (HydraException, OmegaConfBaseException) as error:
        raise UsageError(one_line(error)) from error


def search_path(overrides: Sequence[str]) -> list[str]:
    """The overrides that say where else configs are (`-cd DIR`): every composition needs them."""
    return [override for override in overrides if override.lstrip("+").startswith("hydra.searchpath=")]


def load_config(node: DictConfig) -> Config:
    """Checks a composed config and resolves every interpolation in it.

    Raises:
        UsageError: a type is wrong, a value is out of range, or two values contradict each other.
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


def wants_range_test(overrides: Sequence[str]) -> bool:
    """Whether the overrides leave the peak learning rate to a range test (`optimizer.lr=auto`)."""
    candidates = [override for override in overrides if AUTO in override]  # spares the others the parser
    return any(_is_auto(override) for override in parsed(candidates))


def with_lr(overrides: Sequence[str], lr: float) -> list[str]:
    """The overrides with `optimizer.lr=auto` replaced by a number."""
    if not wants_range_test(overrides):
        return list(overrides)
    return [
        f"optimizer.lr={lr:g}" if _is_auto(override) else str(override.input_line) for override in parsed(overrides)
    ]


def with_placeholder_lr(overrides: Sequence[str]) -> list[str]:
    """The overrides with `optimizer.lr=auto` replaced by 1, for whatever does not depend on the peak."""
    return with_lr(overrides, 1.0)


def _is_auto(override: Override) -> bool:
    return bool(override.key_or_group == "optimizer.lr" and override.value() == AUTO)


def _name_foreign_target(group: str, component: dict[str, Any]) -> None:
    """Names a component after its class if a user replaced the `_target_` of one of our choices."""
    path = CONF / group / f"{component['name']}.yaml"
    if path.exists() and OmegaConf.select(OmegaConf.load(path), "_target_") != component["_target_"]:
        component["name"] = component["_target_"].rpartition(".")[2]
