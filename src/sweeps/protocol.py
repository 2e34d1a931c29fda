"""Tune, evaluate, report: which runs a comparison is made of. `conf/protocol` says how many.

Every schedule is tried at the same peak learning rates under tuning seeds, which never read the test set; then its best
one, by median final validation loss, is run under fresh seeds, the same for all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd
from omegaconf import OmegaConf

from src.analysis.collect import collect
from src.analysis.tuning import choose, sensitivity
from src.config import CONF
from src.config.compose import composed, composing, load_config, parsed, refusing
from src.config.identity import config_hash
from src.config.resolvers import AUTO
from src.config.schema import Config
from src.errors import UsageError
from src.sweeps.plan import Plan, make_plan

TUNING = "read_test=false"  # the override of a run that never reads the test set
STEP = 10**0.5  # between neighbouring learning rates of a grid
EXTENSION = 2  # learning rates that are added at an edge


@dataclass
class Protocol:
    """A file of conf/protocol, with what the command line changes of it."""

    name: str
    schedulers: list[str]
    num_lrs: int
    max_extensions: int
    tuning_seeds: list[int]
    evaluation_seeds: list[int]
    budgets: list[int]
    reference: str


@dataclass(frozen=True)
class Grid:
    """Peak learning rates `center` * sqrt(10)^k for k from `first` to `last`."""

    center: float
    first: int
    last: int

    @property
    def lrs(self) -> list[float]:
        return [float(f"{self.center * STEP**k:.2g}") for k in range(self.first, self.last + 1)]

    def extended(self, edges: Collection[int]) -> Grid:
        """By two at each edge at which a best one lies."""
        low, high = EXTENSION * (-1 in edges), EXTENSION * (1 in edges)
        return replace(self, first=self.first - low, last=self.last + high)


def load_protocol(name: str, changes: dict[str, object]) -> Protocol:
    """The protocol with the fields that `changes` names.

    Raises:
        UsageError: there is none of that name, or its values contradict each other.
    """
    path = CONF / "protocol" / f"{name}.yaml"
    if not path.exists():
        known = sorted(each.stem for each in path.parent.glob("*.yaml"))
        raise UsageError(f"protocol={name}: choose one of {', '.join(known)}")
    with refusing():
        merged = OmegaConf.merge(OmegaConf.structured(Protocol), OmegaConf.load(path), changes)
        protocol = OmegaConf.to_object(merged)
    assert isinstance(protocol, Protocol)
    _check(protocol)
    return protocol


class Study:
    """The runs of a protocol under some overrides.

    What comes next follows from the records in the sweep's folder alone, so that the same command, given again after a
    kill, plans the same runs.
    """

    def __init__(self, protocol: Protocol, overrides: Sequence[str]) -> None:
        self.protocol = protocol
        self._overrides = list(overrides)
        self._shared = [str(each.input_line) for each in parsed(overrides) if not each.is_hydra_override()]
        with composing():
            config = load_config(composed(self._shared))
        if protocol.budgets and config.seconds is not None:
            raise UsageError(
                f"budgets={protocol.budgets} are numbers of epochs, and seconds={config.seconds:g} is the length of "
                "each run: give budgets=[], or leave seconds out"
            )
        if protocol.budgets and any(line.partition("=")[0] == "epochs" for line in self._shared):
            raise UsageError(
                f"budgets={protocol.budgets} are the numbers of epochs: leave epochs out, or give "
                f"budgets=[{config.epochs}]"
            )
        half = protocol.num_lrs // 2
        grid = Grid(_center(config), -half, half)
        self.first_grids = dict.fromkeys(protocol.budgets or [config.epochs], grid)

    @cached_property
    def first_plan(self) -> Plan:
        return self.tuning(self.first_grids)

    def tuning(self, grids: Mapping[int, Grid]) -> Plan:
        """Every schedule at every learning rate of each budget's grid."""
        return make_plan(
            self._overrides,
            [
                [*self._job(scheduler, budget, lr, seed), TUNING]
                for budget, grid in grids.items()
                for scheduler in self.protocol.schedulers
                for lr in grid.lrs
                for seed in self.protocol.tuning_seeds
            ],
        )

    def choices(self, tuning: Plan) -> pd.DataFrame:
        """The best learning rate of each schedule and budget, from the records of a plan that is done."""
        runs = collect([tuning.folder]).runs
        own = {config_hash(job.config) for job in tuning.jobs}
        return choose(sensitivity(runs[runs["config_hash"].isin(own)]))

    def extended(self, grids: Mapping[int, Grid], choices: pd.DataFrame) -> dict[int, Grid]:
        """Grids that reach two learning rates further at each edge at which the best one of a schedule lies."""
        edges = {budget: set(choices.loc[choices["epochs"] == budget, "edge"]) for budget in grids}
        return {budget: grid.extended(edges[budget]) for budget, grid in grids.items()}

    def evaluation(self, choices: pd.DataFrame) -> Plan:
        """Every schedule at its best learning rate under fresh seeds; one that none could train is left out."""
        return make_plan(
            self._overrides,
            [
                self._job(row["scheduler"], row["epochs"], row["lr"], seed)
                for row in choices.dropna(subset="lr").to_dict("records")
                for seed in self.protocol.evaluation_seeds
            ],
        )

    def _job(self, scheduler: str, epochs: int, lr: float, seed: int) -> list[str]:
        own = {"scheduler": scheduler, "epochs": epochs, "optimizer.lr": f"{lr:g}", "seed": seed}
        shared = [line for line in self._shared if line.partition("=")[0] not in own]
        return [*shared, *(f"{key}={value}" for key, value in own.items())]


def _center(config: Config) -> float:
    lr = config.optimizer["lr"]
    if lr == AUTO:
        raise UsageError(f"optimizer.lr={AUTO}: a protocol tunes the learning rate itself; give the middle of its grid")
    if lr <= 0:
        raise UsageError(f"optimizer.lr={lr:g}: is the middle of a protocol's grid, and must be above 0")
    return float(lr)


def _check(protocol: Protocol) -> None:
    for field in ("schedulers", "tuning_seeds", "evaluation_seeds"):
        values = getattr(protocol, field)
        if not values or len(set(values)) < len(values):
            raise UsageError(f"{field}={values}: must be a list that is not empty, without repetition")
    if negative := [seed for seed in (*protocol.tuning_seeds, *protocol.evaluation_seeds) if seed < 0]:
        raise UsageError(f"seeds {negative}: must be whole numbers from 0")
    if common := set(protocol.tuning_seeds) & set(protocol.evaluation_seeds):
        raise UsageError(
            f"tuning_seeds and evaluation_seeds share {sorted(common)}: a result must not come from the seeds that its "
            "learning rate was chosen with"
        )
    if protocol.num_lrs < 3 or protocol.num_lrs % 2 == 0:
        raise UsageError(f"num_lrs={protocol.num_lrs}: must be an odd number from 3")
    if protocol.max_extensions < 0:
        raise UsageError(f"max_extensions={protocol.max_extensions}: must be a whole number from 0")
    if any(budget < 1 for budget in protocol.budgets) or len(set(protocol.budgets)) < len(protocol.budgets):
        raise UsageError(f"budgets={protocol.budgets}: must be numbers of epochs from 1, without repetition")
    if protocol.reference not in protocol.schedulers:
        listed = ",".join(protocol.schedulers)
        raise UsageError(
            f"reference={protocol.reference}: is none of schedulers=[{listed}]; add it to them, or give "
            f"reference={protocol.schedulers[0]}"
        )
