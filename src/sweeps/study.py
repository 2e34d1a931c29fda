"""A study: the runs that a protocol needs, first to tune, then to evaluate.

Every schedule is trained at the same peak learning rates under tuning seeds, without reading the test set, and then, if
the protocol refines, at two more rates around its best one. Its rate with the lowest median validation error at the
final step is evaluated under fresh seeds, the same for all.

Tuned per seed, each evaluation seed is a replicate of the whole procedure: a tuning seed of its own chooses its rate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import pandas as pd

from src.analysis.collect import collect
from src.analysis.final_weights import with_final_weights
from src.analysis.replicates import with_replicates
from src.analysis.tuning import choose, sensitivity
from src.config.auto_lr import wants_range_test
from src.config.compose import composed, composing, load_config, parsed, search_path
from src.config.identity import config_hash
from src.config.schema import Config
from src.errors import UsageError
from src.sweeps.plan import Plan, make_plan
from src.sweeps.protocol import Protocol

TUNING = "read_test=false"  # the override that marks a tuning run
STEP = 10**0.5  # ratio of neighboring learning rates in a grid
EXTENSION = 2  # learning rates added at an edge of a grid
REFINEMENT = 10**0.25  # ratio of the best learning rate to the two that refine it


@dataclass(frozen=True)
class Grid:
    """Peak learning rates `center` * sqrt(10)^k for k from `first` to `last`."""

    center: float
    first: int
    last: int

    @property
    def lrs(self) -> list[float]:
        return [_rounded(self.center * STEP**k) for k in range(self.first, self.last + 1)]

    def extended(self, edges: Collection[int]) -> Grid:
        """The grid with two more rates at each of its `edges`: -1 is the low one, 1 the high one."""
        low, high = EXTENSION * (-1 in edges), EXTENSION * (1 in edges)
        return replace(self, first=self.first - low, last=self.last + high)


class Study:
    """The runs of a protocol under shared overrides.

    The next runs follow from the records in the sweep's folder alone, so the same command plans the same runs after
    it was killed.
    """

    def __init__(self, protocol: Protocol, overrides: Sequence[str]) -> None:
        self.protocol = protocol
        self._overrides = list(overrides)
        self._shared = [str(item.input_line) for item in parsed(overrides) if not item.is_hydra_override()]
        if wants_range_test(self._shared):
            raise UsageError(
                "optimizer.lr=auto: a protocol tunes the learning rate itself; give a number, the middle of its grid"
            )
        with composing():
            config = load_config(composed([*search_path(overrides), *self._shared]))
        self._check_budgets(config)
        half = protocol.num_lrs // 2
        grid = Grid(float(config.optimizer["lr"]), -half, half)
        self.first_grids = dict.fromkeys(protocol.budgets or [config.epochs], grid)

    @cached_property
    def first_plan(self) -> Plan:
        return self.tuning(self.first_grids)

    def tuning(self, grids: Mapping[int, Grid]) -> Plan:
        """Every schedule at every learning rate of each budget's grid, under the tuning seeds."""
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

    def refinement(self, choices: pd.DataFrame) -> Plan:
        """A quarter decade below and above each best learning rate, under the seeds that chose it."""
        return make_plan(
            self._overrides,
            [
                [*self._job(row["scheduler"], row["epochs"], _rounded(lr), seed), TUNING]
                for row in choices.dropna(subset="lr").to_dict("records")
                for lr in (row["lr"] / REFINEMENT, row["lr"] * REFINEMENT)
                for seed in self._seeds(self.protocol.tuning_seeds, row["replicate"])
            ],
        )

    def choices(self, *tuning: Plan) -> pd.DataFrame:
        """The best learning rate of each schedule, budget and replicate, from the records of completed plans."""
        return choose(sensitivity(with_replicates(_records(tuning), asdict(self.protocol))))

    def extended(self, grids: Mapping[int, Grid], tuning: Plan) -> dict[int, Grid]:
        """The grids, extended at each edge where the best rate of some schedule over all tuning seeds lies."""
        choices = choose(sensitivity(_records([tuning])))
        edges = {budget: set(choices.loc[choices["epochs"] == budget, "edge"]) for budget in grids}
        return {budget: grid.extended(edges[budget]) for budget, grid in grids.items()}

    def evaluation(self, choices: pd.DataFrame) -> Plan:
        """Every schedule at its best learning rate, under the evaluation seeds; schedules without one are left out."""
        return make_plan(
            self._overrides,
            [
                self._job(row["scheduler"], row["epochs"], row["lr"], seed)
                for row in choices.dropna(subset="lr").to_dict("records")
                for seed in self._seeds(self.protocol.evaluation_seeds, row["replicate"])
            ],
        )

    def _seeds(self, seeds: list[int], replicate: int) -> list[int]:
        """Those of a replicate: one if every seed is tuned by itself, otherwise all."""
        return [seeds[replicate]] if self.protocol.tune_per_seed else seeds

    def _job(self, scheduler: str, epochs: int, lr: float, seed: int) -> list[str]:
        values = {"scheduler": scheduler, "epochs": epochs, "optimizer.lr": f"{lr:g}", "seed": seed}
        shared = [line for line in self._shared if line.partition("=")[0] not in values]
        return [*shared, *(f"{key}={value}" for key, value in values.items())]

    def _check_budgets(self, config: Config) -> None:
        budgets = self.protocol.budgets
        if budgets and config.seconds is not None:
            raise UsageError(
                f"budgets={budgets} counts epochs, but seconds={config.seconds:g} limits the time of each run: give "
                "budgets=[], or leave seconds out"
            )
        if budgets and any(line.partition("=")[0] == "epochs" for line in self._shared):
            raise UsageError(f"budgets={budgets} sets the epochs: leave epochs out, or give budgets=[{config.epochs}]")


def _records(plans: Sequence[Plan]) -> pd.DataFrame:
    """The runs of the plans, without others in their folder, with the metrics of the weights that count."""
    hashes = {config_hash(job.config) for plan in plans for job in plan.jobs}
    runs = collect([plans[0].folder]).runs
    return with_final_weights(runs[runs["config_hash"].isin(hashes)])


def _rounded(lr: float) -> float:
    return float(f"{lr:.2g}")
