"""Hydra's sweepers: the basic one, with its `params`, and no other."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig

from src.config.compose import parsed
from src.config.hydra_errors import rewording_errors
from src.errors import UsageError

_PARAMS = "hydra.sweeper.params"
_BASIC_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"


def without_sweeper_params(overrides: Sequence[str]) -> list[str]:
    """The overrides with `hydra.sweeper.params={key:"values"}` among them written as `key=values`.

    Hydra itself fails on them; it takes `hydra.sweeper.params` from configs only.
    """
    lines = [line for line in overrides if line.lstrip("+").startswith(_PARAMS)]
    return [
        *(text for line in lines for text in _as_overrides(line)),
        *(line for line in overrides if line not in lines),
    ]


def with_sweeper_params(overrides: Sequence[str], sweeper: DictConfig) -> list[str]:
    """The overrides of a multirun, with those of `hydra.sweeper.params` in a config for keys that they do not have.

    Raises:
        UsageError: the sweeper is not Hydra's basic sweeper.
    """
    _check_target(sweeper)
    if not sweeper.params:
        return list(overrides)
    keys = {override.key_or_group for override in parsed(overrides)}
    params = [f"{key}={value}" for key, value in sweeper.params.items() if str(key).lstrip("+~") not in keys]
    return [*params, *overrides, f"{_PARAMS}=null"]


def check_sweeper(sweeper: DictConfig) -> None:
    """Rejects settings of a sweeper that a plan would ignore.

    Raises:
        UsageError: names the setting and what to give instead.
    """
    _check_target(sweeper)
    if sweeper.params:
        values = " ".join(f"{key}={value}" for key, value in sweeper.params.items())
        raise UsageError(f"hydra.sweeper.params: only `python -m src.train -m` takes them; give {values} as arguments")
    if sweeper.max_batch_size is not None:
        raise UsageError(
            f"hydra.sweeper.max_batch_size={sweeper.max_batch_size}: jobs are not launched in batches; limit those "
            "that run at once, for example by hydra.launcher.n_jobs=2"
        )


def _check_target(sweeper: DictConfig | None) -> None:
    target = "null" if sweeper is None else str(sweeper._target_)
    if target != _BASIC_SWEEPER:
        name = target.rpartition(".")[2]
        raise UsageError(
            f"hydra/sweeper: {name} cannot run here, because sweeps are planned before they start; leave hydra/sweeper "
            "out and list the values, as in optimizer.lr=0.1,0.03"
        )


def _as_overrides(line: str) -> list[str]:
    with rewording_errors():
        (override,) = OverridesParser.create().parse_overrides([line.lstrip("+")])
    key, value = override.key_or_group.removeprefix(_PARAMS), override.value()
    if key:
        return [f"{key.removeprefix('.')}={line.partition('=')[2] if override.is_sweep_override() else value}"]
    if value is None:  # no params, whatever a config says
        return [line]
    if not isinstance(value, dict):
        raise UsageError(f"{line}: must be a mapping, as in '{_PARAMS}={{seed:\"0,1\"}}'")
    return [f"{name}={values}" for name, values in value.items()]
