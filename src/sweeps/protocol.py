"""Protocols: how a comparison tunes, evaluates and tests. `conf/protocol` holds the named ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from src.config.compose import parsed
from src.config.sweep_names import automatic_name
from src.config.wording import as_text
from src.errors import UsageError
from src.sweeps.parallelism import with_launcher
from src.sweeps.presets import load_preset, split_arguments


@dataclass
class Protocol:
    """A file in conf/protocol, with the changes from the command line."""

    name: str
    schedulers: list[str]
    num_lrs: int
    max_extensions: int
    refine: bool
    tuning_seeds: list[int]
    evaluation_seeds: list[int]
    tune_per_seed: bool
    budgets: list[int]
    reference: str


MAX_LRS = 41  # half a decade apart: 20 decades

FIELDS = tuple(field.name for field in fields(Protocol) if field.name != "name")  # those a command may change


def protocol_overrides(arguments: Sequence[str]) -> tuple[Protocol, list[str]]:
    """Splits a command line with `protocol=NAME` into the protocol and the overrides shared by its runs.

    Raises:
        UsageError: an argument cannot be parsed, does not go with a protocol, or contradicts another one.
    """
    changes, overrides = split_arguments(arguments, ("protocol", *FIELDS))
    name = as_text(changes.pop("protocol"))
    if "lrs" in overrides:
        raise UsageError("lrs: a protocol tunes the rate of every schedule; leave out lrs= or protocol=")
    if "experiment" in overrides:
        raise UsageError(f"{overrides['experiment'].input_line}: does not go with protocol={name}; give one of the two")
    if "seeds" in overrides:
        raise UsageError("seeds: a protocol has two sets of seeds; give tuning_seeds=[...] or evaluation_seeds=[...]")
    for override in overrides.values():
        if override.is_sweep_override() or override.key_or_group in ("scheduler", "seed", "read_test"):
            raise UsageError(
                f"{override.input_line}: does not go with protocol=, which compares only schedulers=[a,b], under seeds "
                "of its own, and reads the test set only to evaluate"
            )
    overrides_by_key = {key: str(override.input_line) for key, override in overrides.items()}
    changed = [f"{key}={as_text(value).strip('[]').replace(', ', ',')}" for key, value in changes.items()]
    overrides_by_key.setdefault("name", f"name={automatic_name(name, [*overrides_by_key.values(), *changed])}")
    return load_protocol(name, changes, arguments), list(with_launcher(overrides_by_key).values())


def load_protocol(name: str, changes: Mapping[str, object], arguments: Sequence[str] = ()) -> Protocol:
    """Loads `conf/protocol/NAME.yaml`, or that of a folder in the arguments, and replaces the fields in `changes`.

    Raises:
        UsageError: there is no such file, or the values contradict each other.
    """
    protocol = load_preset(Protocol, "protocol", name, arguments=arguments, changes=changes)
    _check_schedulers(protocol)
    _check_seeds(protocol)
    _check_grid(protocol)
    _check_reference(protocol)
    return protocol


def _check_schedulers(protocol: Protocol) -> None:
    parsed([f"scheduler={name}" for name in protocol.schedulers])  # refuses what cannot be a schedule's name


def _check_seeds(protocol: Protocol) -> None:
    for key in ("schedulers", "tuning_seeds", "evaluation_seeds"):
        values = getattr(protocol, key)
        if not values or len(set(values)) < len(values):
            raise UsageError(f"{key}={as_text(values)}: must be a non-empty list without duplicates")
    if negative_seeds := [seed for seed in (*protocol.tuning_seeds, *protocol.evaluation_seeds) if seed < 0]:
        raise UsageError(f"seeds {negative_seeds}: must be integers of at least 0")
    if shared_seeds := set(protocol.tuning_seeds) & set(protocol.evaluation_seeds):
        raise UsageError(
            f"tuning_seeds and evaluation_seeds share {sorted(shared_seeds)}: the seeds that chose a learning rate "
            "must not evaluate it; use different ones"
        )
    num_tuning, num_evaluation = len(protocol.tuning_seeds), len(protocol.evaluation_seeds)
    if protocol.tune_per_seed and num_tuning != num_evaluation:
        raise UsageError(
            f"tune_per_seed=true: each evaluation seed needs a tuning seed of its own, but there are {num_evaluation} "
            f"evaluation seeds and {num_tuning} tuning seeds; give as many, or tune_per_seed=false"
        )


def _check_grid(protocol: Protocol) -> None:
    if not 3 <= protocol.num_lrs <= MAX_LRS or protocol.num_lrs % 2 == 0:
        raise UsageError(f"num_lrs={protocol.num_lrs}: must be an odd integer from 3 to {MAX_LRS}")
    if not 0 <= protocol.max_extensions <= MAX_LRS // 2:
        raise UsageError(f"max_extensions={protocol.max_extensions}: must be an integer from 0 to {MAX_LRS // 2}")
    if any(budget < 1 for budget in protocol.budgets) or len(set(protocol.budgets)) < len(protocol.budgets):
        raise UsageError(f"budgets={protocol.budgets}: must be numbers of epochs of at least 1, without duplicates")


def _check_reference(protocol: Protocol) -> None:
    if protocol.reference not in protocol.schedulers:
        names = ",".join(protocol.schedulers)
        raise UsageError(
            f"reference={protocol.reference}: is not in schedulers=[{names}]; add it there, or give "
            f"reference={protocol.schedulers[0]}"
        )
