"""Decides, before Hydra composes a run, whether its data set can be had; puts the fallback in its place if not.

It works on the overrides, once for a run and once for a whole sweep: folders, horizons and records then follow from
the data set that is really used, and every job of a sweep uses the same one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from src import archives, config
from src.errors import DataUnavailableError, UsageError

log = logging.getLogger(__name__)


def settle(overrides: Sequence[str]) -> list[str]:
    """The overrides with a data set that can be had, downloading it if need be.

    Overrides that Hydra would refuse come back as they are: Hydra says what is wrong with them.

    Raises:
        UsageError: the config is impossible, an archive is damaged, or there is no data set and no fallback.
    """
    try:
        parsed = OverridesParser.create().parse_overrides(list(overrides))
        settled = [each for each in parsed if not each.is_sweep_override() and not each.is_hydra_override()]
        with initialize_config_dir(str(config.CONF), version_base="1.3"):
            composed = compose("train", overrides=[str(each.input_line) for each in settled])
    except (HydraException, OmegaConfBaseException):
        return list(overrides)
    finally:
        GlobalHydra.instance().clear()
    run = config.load(composed)
    swept = [each for each in parsed if each.key_or_group == "data" and each.is_sweep_override()]
    if swept:
        return list(overrides)  # a sweep over data sets compares them: standing one in for another makes no sense
    try:
        archives.ensure(run.data)
    except DataUnavailableError as error:
        if run.data.fallback is None:
            raise
        if not (config.CONF / "data" / f"{run.data.fallback}.yaml").exists():
            raise UsageError(f"data.fallback={run.data.fallback}: no such data set") from error
        kept = [str(each.input_line) for each in parsed if each.key_or_group.split(".")[0] != "data"]
        log.warning("!!! %s", error)
        log.warning("!!! %s cannot be had: going on with data=%s", run.data.name, run.data.fallback)
        return [*kept, f"data={run.data.fallback}", f"data.requested={run.data.name}"]
    return list(overrides)
