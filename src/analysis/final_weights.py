"""The weights that a run is judged by: their average if it keeps one, otherwise those of the last step."""

from __future__ import annotations

import pandas as pd

METRICS = ("test_accuracy", "test_loss", "val_accuracy", "val_loss")
LAST = "last_test_accuracy"  # of the last weights, where they are not the ones that count


def with_final_weights(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs with the metrics of the averaged weights in place of those of the last step, where there are any.

    `last_test_accuracy` keeps the accuracy of the last weights of such runs; without any, there is no such column.
    Averaging does not change the last weights, so what they can reach is shown by a run without it.
    """
    averages = {name: pd.to_numeric(runs[f"averaged_{name}"]) for name in METRICS if f"averaged_{name}" in runs}
    if not any(values.notna().any() for values in averages.values()):
        return runs
    # By the accuracy: the loss of an average that is not finite is missing, and not that of the last weights.
    has_average = {name: averages[f"{name.partition('_')[0]}_accuracy"].notna() for name in averages}
    last = pd.to_numeric(runs["test_accuracy"]).where(has_average["test_accuracy"])
    finals = {name: values.where(has_average[name], pd.to_numeric(runs[name])) for name, values in averages.items()}
    return runs.assign(**finals, **{LAST: last})


def tuned_by_last_weights(runs: pd.DataFrame) -> list[str]:
    """The labels of schedules that averages judge although their tuning runs, of an earlier version, measured none.

    Args:
        runs: As recorded.
    """
    if "averaged_val_accuracy" not in runs:
        return []
    is_test = runs["read_test"].astype(bool)
    lacks_average = ~is_test & (runs["status"] == "completed") & runs["averaged_val_accuracy"].isna()
    judged = set(runs.loc[is_test & runs["averaged_test_accuracy"].notna(), "label"])
    return sorted(judged & set(runs.loc[lacks_average, "label"]))
