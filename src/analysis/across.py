"""Tables across optimizers: runs that differ in the optimizer share a table, which otherwise they never do."""

from __future__ import annotations

import pandas as pd

from src.analysis.workloads import WORKLOAD
from src.errors import UsageError

OPTIMIZER = "optimizer"


def check_across(key: str) -> None:
    """Rejects keys across which runs are not pairs: only the optimizer leaves initial weights and batches the same.

    Raises:
        UsageError: names the only key.
    """
    if key != OPTIMIZER:
        raise UsageError(f"across={key}: only optimizers can share a table; give across={OPTIMIZER}")


def across_optimizers(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs, with the names of all optimizers (`adamw + sgd`) in those of workloads that differ in nothing else.

    Raises:
        UsageError: no two workloads differ in the optimizer alone.
    """
    others = [name for name in WORKLOAD if name != OPTIMIZER]
    optimizers = runs.groupby(others, dropna=False)[OPTIMIZER].transform(lambda names: " + ".join(sorted(set(names))))
    if (optimizers == runs[OPTIMIZER]).all():
        names = ", ".join(sorted(set(runs[OPTIMIZER])))
        raise UsageError(
            f"across={OPTIMIZER}: no runs differ in the optimizer alone (optimizers: {names}); leave across= out"
        )
    return runs.assign(**{OPTIMIZER: optimizers})
