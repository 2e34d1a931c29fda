"""Experiments: the named sweeps of `conf/experiment`, and the multirun that each one stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from src.config.naming import automatic_name, identifies_sweep
from src.errors import UsageError
from src.sweeps.parallelism import with_launcher
from src.sweeps.presets import load_preset, split_arguments

DEFAULT = "benchmark"


@dataclass
class Experiment:
    """A file in conf/experiment: every scheduler is run under every seed, and the overrides apply to all runs."""

    name: str
    schedulers: list[str]
    seeds: list[int]
    overrides: list[str]


def load_experiment(name: str) -> Experiment:
    """Loads `conf/experiment/NAME.yaml`.

    Raises:
        UsageError: there is no such file, or its content does not fit the schema.
    """
    return load_preset(Experiment, "experiment", name)


def experiment_overrides(arguments: Sequence[str]) -> list[str]:
    """The overrides of a multirun: those of the experiment, replaced and extended by the command line.

    Raises:
        UsageError: an argument cannot be parsed, or the experiment, its schedulers or its seeds are invalid.
    """
    changes, overrides = split_arguments(arguments, ("experiment", "schedulers", "seeds"))
    experiment = load_experiment(str(changes.pop("experiment", DEFAULT)))
    multirun = _multirun(experiment, **changes)
    multirun |= {key: str(override.input_line) for key, override in overrides.items()}
    multirun = with_launcher(multirun)
    is_changed = bool(changes) or any(map(identifies_sweep, overrides))
    name = automatic_name(experiment.name, multirun.values()) if is_changed else experiment.name
    multirun.setdefault("name", f"name={name}")
    return list(multirun.values())


def _multirun(experiment: Experiment, schedulers: object = None, seeds: object = None) -> dict[str, str]:
    """The overrides of an experiment by key, with other schedulers or seeds if given."""
    return {
        **{override.partition("=")[0]: override for override in experiment.overrides},
        "scheduler": f"scheduler={_choices('schedulers', experiment.schedulers if schedulers is None else schedulers)}",
        "seed": f"seed={_choices('seeds', experiment.seeds if seeds is None else seeds)}",
    }


def _choices(key: str, values: object) -> str:
    if not isinstance(values, list) or not values:
        example = "[0,1,2]" if key == "seeds" else "[step,cosine]"
        raise UsageError(f"{key}={values}: must be a non-empty list, as in {key}={example}")
    return ",".join(str(value) for value in dict.fromkeys(values))
