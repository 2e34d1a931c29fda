"""Configs of many schedules. What they share is composed once: Hydra needs a tenth of a second per config."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hydra.core.override_parser.types import Glob, Override
from omegaconf import DictConfig, OmegaConf

from src.config import CONF
from src.config.compose import composed, composing, load_config, parsed
from src.config.override_checks import choices
from src.config.schema import Config
from src.config.user_configs import config_places
from src.errors import UsageError

_SCHEDULER_KEYS = ("scheduler", "schedulers")


def names(overrides: Sequence[str] = ()) -> list[str]:
    """Every choice of conf/scheduler, ours and the user's, also of folders that overrides name (`-cd DIR`)."""
    return choices("scheduler", config_places(overrides))


def split_overrides(overrides: Sequence[str]) -> tuple[list[str | None], list[str]]:
    """Splits overrides into the schedulers they select and all other overrides.

    None stands for the default scheduler, which an override such as `scheduler._target_=my.MyLR` changes.

    Raises:
        UsageError: an override is malformed, the selection is empty, or another key has several values.
    """
    items = parsed(overrides, takes_lists=True)
    selected: list[str | None] = [
        name for item in items if item.key_or_group in _SCHEDULER_KEYS for name in _selection(item, overrides)
    ]
    others = [item for item in items if item.key_or_group not in _SCHEDULER_KEYS]
    for item in others:
        if item.is_sweep_override():
            raise UsageError(f"{item.input_line}: takes one value; only scheduler takes several")
    lines = [str(item.input_line) for item in others]
    return list(dict.fromkeys(selected)) or ([None] if _changes_scheduler(lines) else []), lines


@contextmanager
def config_loader(overrides: Sequence[str]) -> Iterator[Callable[[str | None], Config]]:
    """Yields a function that loads the config of a scheduler under `overrides`; it raises what `load_config` raises."""
    with composing():
        # Not every scheduler has every key, so with an override inside the scheduler Hydra composes each config.
        base = None if _changes_scheduler(overrides) else composed(overrides)

        def load(name: str | None) -> Config:
            if name is None:
                return load_config(composed(overrides))
            if base is not None and (choice := _plain_choice(name)) is not None:
                return load_config(_with_scheduler(base, choice))
            return load_config(composed([*overrides, f"scheduler={name}"]))

        yield load


def _with_scheduler(config: DictConfig, choice: DictConfig) -> DictConfig:
    changed = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    changed.scheduler = choice
    return changed


def _changes_scheduler(overrides: Sequence[str]) -> bool:
    return any(line.lstrip("+~").startswith("scheduler.") for line in overrides)


def _plain_choice(name: str) -> DictConfig | None:
    """The YAML of a scheduler; None if Hydra must compose it."""
    path = CONF / "scheduler" / f"{name}.yaml"
    choice = OmegaConf.load(path) if path.exists() else None
    return choice if isinstance(choice, DictConfig) and "defaults" not in choice else None


def _selection(override: Override, overrides: Sequence[str]) -> list[str]:
    value: Any = override.value()
    if isinstance(value, Glob):
        value = value.filter(names(overrides))
    elif override.is_sweep_override():
        value = list(override.sweep_string_iterator())
    selection = value if isinstance(value, list) else [value]
    if not selection or not all(isinstance(name, str) and name for name in selection):
        raise UsageError(f"{override.input_line}: name schedulers, as in scheduler=step,cosine")
    return selection
