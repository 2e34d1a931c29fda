"""The configs of many schedules: what they share is composed once, because Hydra takes a tenth of a second for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hydra.core.override_parser.types import Glob, Override
from omegaconf import DictConfig, OmegaConf, open_dict

from src.config import CONF
from src.config.compose import composed, composing, load_config, parsed
from src.config.schema import Config
from src.errors import UsageError

_CHOOSING = ("scheduler", "schedulers")


def names() -> list[str]:
    """Every choice of conf/scheduler."""
    return sorted(path.stem for path in (CONF / "scheduler").glob("*.yaml"))


def chosen(overrides: Sequence[str]) -> tuple[list[str | None], list[str]]:
    """The schedulers that overrides choose, and the other overrides.

    None is the scheduler of a run that names none; `scheduler._target_=my.MyLR` chooses it by changing it.

    Raises:
        UsageError: an override cannot be read, the choice is empty, or another key has several values.
    """
    given = parsed(overrides)
    found: list[str | None] = [name for each in given if each.key_or_group in _CHOOSING for name in _choices(each)]
    others = [each for each in given if each.key_or_group not in _CHOOSING]
    for each in others:
        if each.is_sweep_override():
            raise UsageError(f"{each.input_line}: takes one value; only scheduler takes several")
    lines = [str(each.input_line) for each in others]
    return list(dict.fromkeys(found)) or ([None] if _changes_scheduler(lines) else []), lines


@contextmanager
def loading(overrides: Sequence[str]) -> Iterator[Callable[[str | None], Config]]:
    """A function that loads the config of a scheduler under `overrides`, or refuses it as `config.load` does."""
    with composing():
        # What changes the scheduler's own keys may fit the one and not the other: Hydra says so of each.
        shared = None if _changes_scheduler(overrides) else composed(overrides)

        def load(name: str | None) -> Config:
            choice = None if name is None or shared is None else _plain_choice(name)
            if shared is None or choice is None:
                return load_config(composed(overrides if name is None else [*overrides, f"scheduler={name}"]))
            with open_dict(shared):
                shared.scheduler = choice
            return load_config(shared)

        yield load


def _changes_scheduler(overrides: Sequence[str]) -> bool:
    return any(line.lstrip("+~").startswith("scheduler.") for line in overrides)


def _plain_choice(name: str) -> DictConfig | None:
    """The YAML of a scheduler; None where only Hydra knows what to make of it."""
    path = CONF / "scheduler" / f"{name}.yaml"
    choice = OmegaConf.load(path) if path.exists() else None
    return choice if isinstance(choice, DictConfig) and "defaults" not in choice else None


def _choices(override: Override) -> list[str]:
    value: Any = override.value()
    if isinstance(value, Glob):
        value = value.filter(names())
    elif override.is_sweep_override():
        value = list(override.sweep_string_iterator())
    given = value if isinstance(value, list) else [value]
    if not given or not all(isinstance(name, str) and name for name in given):
        raise UsageError(f"{override.input_line}: name schedulers, as in scheduler=step,cosine")
    return given
