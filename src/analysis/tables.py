"""The comparison: a row a setting, mean and standard deviation over its seeds."""

from __future__ import annotations

import pandas as pd

from src.analysis.collect import SETTING, WORKLOAD

METRICS = [
    "test_accuracy",
    "test_loss",
    "averaged_test_accuracy",
    "averaged_test_loss",
    "val_accuracy",
    "val_loss",
    "train_seconds",
]


def comparison(runs: pd.DataFrame) -> pd.DataFrame:
    """Final-step metrics over the completed runs of each setting, best mean test accuracy first in each workload.

    A setting that lost runs to divergence or failure comes after those that lost none: the mean of the seeds that
    survived is not what a user of it can expect.
    """
    rows = [_row(group) for _, group in runs.groupby([*SETTING, "label", "setting"], dropna=False, sort=False)]
    table = pd.DataFrame(rows)
    table["lost"] = (table["n"] == 0).astype(int) * 2 + ((table["diverged"] + table["failed"]) > 0)
    order = [*WORKLOAD, "lost", "test_accuracy_mean", "label", "lr", "warmup"]
    ascending = [name != "test_accuracy_mean" for name in order]
    return table.sort_values(order, ascending=ascending, na_position="last", ignore_index=True).drop(columns="lost")


def _row(group: pd.DataFrame) -> dict[str, object]:
    first = group.iloc[0]
    completed = group[group["status"] == "completed"]
    row: dict[str, object] = {name: first[name] for name in WORKLOAD}
    row |= {
        "scheduler": first["scheduler"],
        "label": first["label"],
        "lr": first["lr"],
        "warmup": first["warmup"],
        "n": len(completed),
    }
    for metric in METRICS:
        values = pd.to_numeric(completed[metric])
        row[f"{metric}_mean"], row[f"{metric}_sd"] = values.mean(), values.std(ddof=1)
    for status in ("diverged", "failed", "interrupted"):
        row[status] = int((group["status"] == status).sum())
    row["seeds"] = " ".join(str(seed) for seed in sorted(completed["seed"]))
    return row


def workloads(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The table in parts that may be compared within, each with its title."""
    parts = []
    for _, rows in table.groupby(WORKLOAD, dropna=False, sort=False):
        parts.append((workload_title(rows.iloc[0]), rows.reset_index(drop=True)))
    return parts


def workload_title(row: pd.Series) -> str:
    """What the rows of one table have in common."""
    length = f"{row['epochs']} epochs" if pd.isna(row["seconds"]) else f"{row['seconds']:g} s"
    return f"{row['dataset']} · {row['model']} · {row['optimizer']} · {length} · batch {row['batch_size']}"


def readable(rows: pd.DataFrame) -> pd.DataFrame:
    """One workload's rows, rounded, as people read them."""
    columns: dict[str, list[str]] = {
        "scheduler": list(rows["label"]),
        "lr": [f"{value:g}" for value in rows["lr"]],
        "n": [str(value) for value in rows["n"]],
        "test accuracy %": _mean_sd(rows, "test_accuracy", 100, 2),
        "test loss": _mean_sd(rows, "test_loss", 1, 4),
        "averaged accuracy %": _mean_sd(rows, "averaged_test_accuracy", 100, 2),
        "val accuracy %": _mean_sd(rows, "val_accuracy", 100, 2),
        "train s": [_number(value, 1) for value in rows["train_seconds_mean"]],
    }
    if rows["averaged_test_accuracy_mean"].isna().all():
        del columns["averaged accuracy %"]
    if (rows["warmup"] > 0).any():
        columns["warmup"] = [f"{value:g}" for value in rows["warmup"]]
    for status in ("diverged", "failed", "interrupted"):
        if (rows[status] > 0).any():
            columns[status] = [str(value) for value in rows[status]]
    return pd.DataFrame(columns)


def to_markdown(table: pd.DataFrame) -> str:
    """Every workload's table, with what its columns mean."""
    parts = []
    for title, rows in workloads(table):
        text = readable(rows)
        alignment = ["left"] + ["right"] * (len(text.columns) - 1)
        parts.append(f"### {title}\n\n{text.to_markdown(index=False, disable_numparse=True, colalign=alignment)}\n")
    return "\n".join([*parts, NOTE]) + "\n"


NOTE = (
    "Mean ± standard deviation over n seeds, at the final step, best mean test accuracy first. Runs that diverged or "
    "failed are counted in columns of their own, and a schedule that lost runs stands below those that lost none. "
    "The order is that of the last update's weights; what their average does on the test set is the averaged accuracy. "
    "The differences are described here, not tested."
)


def _mean_sd(rows: pd.DataFrame, metric: str, scale: float, digits: int) -> list[str]:
    pairs = zip(rows[f"{metric}_mean"], rows[f"{metric}_sd"], strict=True)
    return [
        _number(mean * scale, digits) + ("" if pd.isna(sd) else f" ± {sd * scale:.{digits}f}") for mean, sd in pairs
    ]


def _number(value: float, digits: int) -> str:
    return "–" if pd.isna(value) else f"{value:.{digits}f}"
