"""Experiments: the named sweeps of `conf/experiment`, and the multirun that each one stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from src.config.override_checks import choices
from src.config.sweep_names import automatic_name
from src.config.wording import as_text
from src.errors import UsageError
from src.program import command_line, given_overrides
from src.sweeps.parallelism import with_launcher
from src.sweeps.presets import load_preset, split_arguments
from src.sweeps.protocol import FIELDS as PROTOCOL_FIELDS
from src.sweeps.rates import check_rates
from src.sweeps.values import check_unique

DEFAULT = "benchmark"
FIELDS = ("experiment", "schedulers", "seeds", "lrs")  # arguments that are not overrides of the runs


@dataclass
class Experiment:
    """A file in conf/experiment: every scheduler is run under every seed, and the overrides apply to all runs.

    `lrs` are the peak learning rates of single schedulers; the others have that of the optimizer.
    """

    name: str
    schedulers: list[str]
    seeds: list[int]
    overrides: list[str]
    lrs: dict[str, Any] = field(default_factory=dict)


def load_experiment(name: str, arguments: Sequence[str] = ()) -> Experiment:
    """Loads `conf/experiment/NAME.yaml`, or that of a folder in the arguments.

    Raises:
        UsageError: there is no such file, or its content does not fit the schema.
    """
    return load_preset(Experiment, "experiment", name, arguments=arguments)


def experiment_overrides(arguments: Sequence[str]) -> list[str]:
    """The overrides of a multirun: those of the experiment, replaced and extended by the command line.

    Raises:
        UsageError: an argument cannot be parsed, or the experiment, its schedulers or its seeds are invalid.
    """
    changes, overrides = split_arguments(arguments, FIELDS)
    experiment = load_experiment(str(changes.pop("experiment", DEFAULT)), arguments)
    if tuning := [key for key in PROTOCOL_FIELDS if key in overrides]:
        raise UsageError(f"{overrides[tuning[0]].input_line}: needs a protocol; add protocol=quick, standard or strict")
    for plural, single in (("schedulers", "scheduler"), ("seeds", "seed")):
        if plural in changes and single in overrides:
            raise UsageError(f"{overrides[single].input_line}: contradicts {plural}=; give one of the two")
    overrides_by_key = _multirun(experiment, changes)
    overrides_by_key |= {key: str(override.input_line) for key, override in overrides.items()}
    overrides_by_key = with_launcher(overrides_by_key)
    overrides_by_key.setdefault("name", f"name={_name(experiment, overrides_by_key, changes)}")
    return list(overrides_by_key.values())


def _name(experiment: Experiment, overrides_by_key: Mapping[str, str], changes: Mapping[str, object]) -> str:
    """The name of a sweep without one: that of the experiment and what the command line changes in it."""
    unchanged = _multirun(experiment, {})
    if experiment.name not in choices("experiment"):  # the user's own: where it was found is no change
        unchanged["hydra.searchpath"] = overrides_by_key.get("hydra.searchpath", "")
    changed = [line for key, line in overrides_by_key.items() if line != unchanged.get(key)]
    if "lrs" in changes:
        rates = sorted(check_rates(changes["lrs"]).items())
        changed.append(f"lrs={','.join(f'{name}:{rate}' for name, rate in rates)}")
    return automatic_name(experiment.name, changed)


def experiment_rates(arguments: Sequence[str]) -> dict[str, float | str]:
    """The learning rates that the command line or else the experiment gives to single schedules.

    Raises:
        UsageError: they are not positive numbers by schedule.
    """
    changes, _ = split_arguments(arguments, FIELDS)
    if "lrs" in changes:
        return check_rates(changes["lrs"])
    experiment = load_experiment(str(changes.get("experiment", DEFAULT)), arguments)
    schedules = changes.get("schedulers", experiment.schedulers)
    rates = {name: rate for name, rate in experiment.lrs.items() if name in schedules}
    return check_rates(rates) if rates else {}


def single_run(arguments: Sequence[str], *, multirun: bool = False) -> list[str]:
    """The overrides of a single run, in which `experiment=NAME` stands for one run of that experiment.

    Raises:
        UsageError: there is no such experiment, it has several runs and the arguments do not choose one, or it is a
            multirun.
    """
    name = next(argument.partition("=")[2] for argument in arguments if argument.startswith("experiment="))
    others = [argument for argument in arguments if not argument.startswith("experiment=")]
    if multirun:
        raise UsageError(f"experiment={name}: -m does not take it; run all with {_command()}")
    experiment = load_experiment(name, arguments)
    lines = {line.partition("=")[0]: line for line in experiment.overrides}
    lines |= {argument.partition("=")[0].lstrip("+~"): argument for argument in others}
    _choose_one(experiment, lines)
    rate = experiment.lrs.get(lines["scheduler"].partition("=")[2])
    if rate is not None:
        lines.setdefault("optimizer.lr", f"optimizer.lr={rate}")
    return list(lines.values())


def _choose_one(experiment: Experiment, lines: dict[str, str]) -> None:
    """Adds the scheduler and the seed of an experiment to overrides by key, unless they choose some."""
    choices: dict[str, Sequence[object]] = {"scheduler": experiment.schedulers, "seed": experiment.seeds}
    missing = {key: values for key, values in choices.items() if key not in lines}
    if any(len(values) != 1 for values in missing.values()):
        counts = " and ".join(f"{len(values)} {key}s" for key, values in missing.items())
        example = " ".join(f"{key}={next(iter(values), '...')}" for key, values in missing.items())
        name = experiment.name
        raise UsageError(f"experiment={name} has {counts}: choose one ({example}), or run all with {_command()}")
    lines |= {key: f"{key}={values[0]}" for key, values in missing.items()}


def _command() -> str:
    """The command for all runs of the experiment that the user asked for."""
    return command_line("sweep", *given_overrides())


def _multirun(experiment: Experiment, changes: Mapping[str, object]) -> dict[str, str]:
    """The overrides of the experiment by key; `changes` may contain other schedulers and seeds."""
    values = {"schedulers": experiment.schedulers, "seeds": experiment.seeds, **changes}
    return {
        **{override.partition("=")[0]: override for override in experiment.overrides},
        "scheduler": f"scheduler={_choices('schedulers', values['schedulers'])}",
        "seed": f"seed={_choices('seeds', values['seeds'])}",
    }


def _choices(key: str, values: object) -> str:
    kind = int if key == "seeds" else str
    if not isinstance(values, list) or not values or any(type(value) is not kind for value in values):
        example = "[0,1,2]" if key == "seeds" else "[step,cosine]"
        raise UsageError(f"{key}={as_text(values)}: must be a non-empty list, as in {key}={example}")
    check_unique(key, values)
    return ",".join(map(str, values))
