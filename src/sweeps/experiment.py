"""Experiments: the named sweeps of `conf/experiment`, and the multirun that each one stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omegaconf import OmegaConf

from src.config import CONF
from src.config.compose import parsed
from src.config.hydra_errors import rewording_errors
from src.config.naming import automatic_name, identifies_sweep
from src.errors import UsageError
from src.sweeps.parallelism import with_launcher

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
    path = CONF / "experiment" / f"{name}.yaml"
    if not path.exists():
        names = sorted(file.stem for file in path.parent.glob("*.yaml"))
        raise UsageError(f"experiment={name}: choose one of {', '.join(names)}")
    with rewording_errors():
        experiment = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Experiment), OmegaConf.load(path)))
    assert isinstance(experiment, Experiment)
    return experiment


def experiment_overrides(arguments: Sequence[str]) -> list[str]:
    """The overrides of a multirun: those of the experiment, replaced and extended by the command line.

    Raises:
        UsageError: an argument cannot be parsed, or the experiment, its schedulers or its seeds are invalid.
    """
    by_key = {override.key_or_group: override for override in parsed(arguments)}
    changes = {key: by_key.pop(key).value() for key in ("experiment", "schedulers", "seeds") if key in by_key}
    experiment = load_experiment(str(changes.pop("experiment", DEFAULT)))
    lines = {key: str(override.input_line) for key, override in by_key.items()}
    combined = with_launcher(
        {
            **{line.partition("=")[0]: line for line in experiment.overrides},
            "scheduler": f"scheduler={_choices('schedulers', changes.get('schedulers', experiment.schedulers))}",
            "seed": f"seed={_choices('seeds', changes.get('seeds', experiment.seeds))}",
            **lines,
        }
    )
    is_unchanged = not changes and not any(map(identifies_sweep, lines))
    name = experiment.name if is_unchanged else automatic_name(experiment.name, combined.values())
    combined.setdefault("name", f"name={name}")
    return list(combined.values())


def _choices(key: str, values: object) -> str:
    if not isinstance(values, list) or not values:
        example = "[0,1,2]" if key == "seeds" else "[step,cosine]"
        raise UsageError(f"{key}={values}: must be a non-empty list, as in {key}={example}")
    return ",".join(str(value) for value in dict.fromkeys(values))
