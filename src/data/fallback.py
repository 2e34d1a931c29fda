"""Replaces an unavailable data set with its fallback, before Hydra composes a run.

It works on the overrides, once per run or sweep: folders, horizons and records then follow from the data set that is
really used, and every job of a sweep uses the same one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from hydra.core.override_parser.types import Override

from src.config import CONF
from src.config.auto_lr import with_placeholder_lr
from src.config.compose import composed, composing, load_config, parsed
from src.config.override_checks import choices
from src.config.schema import DataConfig
from src.data import archives
from src.errors import DataUnavailableError, UsageError

log = logging.getLogger(__name__)


def resolve_dataset(overrides: Sequence[str]) -> list[str]:
    """The overrides with a data set that is available; downloads it if needed.

    Raises:
        UsageError: an override or the config is invalid, an archive is damaged, or the data set is unavailable and has
            no fallback.
    """
    parsed_overrides = parsed(overrides)
    fixed = [str(override.input_line) for override in parsed_overrides if not override.is_sweep_override()]
    fixed = with_placeholder_lr(fixed)
    sweep = next((item for item in parsed_overrides if item.key_or_group == "data" and item.is_sweep_override()), None)
    with composing():
        if sweep is None:
            return _with_fallback(load_config(composed(fixed)).data, parsed_overrides, list(overrides))
        # A sweep over data sets compares them: replacing one with another would make no sense.
        for choice in sweep.sweep_string_iterator():
            _ensure(load_config(composed([*fixed, f"data={choice}"])).data)
    return list(overrides)


def _ensure(data: DataConfig) -> None:
    archives.check_declared(data)
    archives.ensure(data)


def _with_fallback(data: DataConfig, parsed_overrides: Sequence[Override], overrides: list[str]) -> list[str]:
    try:
        _ensure(data)
    except DataUnavailableError as error:
        if data.fallback is None:
            raise
        if not (CONF / "data" / f"{data.fallback}.yaml").exists():
            names = ", ".join(choices("data"))
            raise UsageError(f"data.fallback={data.fallback}: choose one of {names}, or null") from error
        log.warning("!!! %s is unavailable, falling back to %s. %s", data.name, data.fallback, error)
        others = [
            str(override.input_line)
            for override in parsed_overrides
            if override.key_or_group.partition(".")[0] != "data"
        ]
        return [*others, f"data={data.fallback}", f"data.requested={data.name}"]
    return overrides
