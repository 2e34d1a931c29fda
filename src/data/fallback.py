"""Decides, before Hydra composes a run, whether its data set can be had; puts the fallback in its place if not.

It works on the overrides, once for a run and once for a whole sweep: folders, horizons and records then follow from
the data set that is really used, and every job of a sweep uses the same one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from hydra.core.override_parser.types import Override

from src.config import CONF
from src.config.compose import composed, composing, load_config, parsed
from src.config.schema import Config
from src.data import archives
from src.errors import DataUnavailableError, UsageError

log = logging.getLogger(__name__)


def resolve_dataset(overrides: Sequence[str]) -> list[str]:
    """The overrides with a data set that can be had, downloading it if need be.

    Raises:
        UsageError: an override or the config is impossible, an archive is damaged, or there is neither data set nor
            fallback.
    """
    given = parsed(overrides)
    lines = [str(each.input_line) for each in given if not each.is_sweep_override()]
    swept = next((each for each in given if each.key_or_group == "data" and each.is_sweep_override()), None)
    with composing():
        if swept is None:
            return _with_fallback(load_config(composed(lines)), given, list(overrides))
        # A sweep over data sets compares them: standing one in for another would make no sense.
        for choice in swept.sweep_string_iterator():
            archives.ensure(load_config(composed([*lines, f"data={choice}"])).data)
    return list(overrides)


def _with_fallback(run: Config, given: Sequence[Override], overrides: list[str]) -> list[str]:
    try:
        archives.ensure(run.data)
    except DataUnavailableError as error:
        fallback = run.data.fallback
        if fallback is None:
            raise
        if not (CONF / "data" / f"{fallback}.yaml").exists():
            raise UsageError(f"data.fallback={fallback}: no such data set") from error
        log.warning("!!! %s cannot be had: going on with data=%s. %s", run.data.name, fallback, error)
        kept = [str(each.input_line) for each in given if each.key_or_group.split(".")[0] != "data"]
        return [*kept, f"data={fallback}", f"data.requested={run.data.name}"]
    return overrides
