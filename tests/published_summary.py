"""What pages quote of a published result: `python -m tests.published_summary docs/results/NAME` prints it."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from tests.published_files import read_table

TABLE = ["model", "optimizer", "epochs"]
SHORT = {"better": "better", "slightly better": "better", "worse": "worse", "slightly worse": "worse"}


def summary(folder: Path) -> str:
    """Both tables in Markdown."""
    comparison = read_table(folder, "comparison.csv")
    comparison["table"] = [_title(*row) for row in comparison[TABLE].itertuples(index=False)]
    costs = read_table(folder, "cost_of_wrong_lr.csv")
    return f"{to_markdown(winners(comparison))}\n\n{to_markdown(schedules(comparison, costs))}\n"


def cpu_hours(folder: Path) -> pd.Series:
    """CPU hours of each table, whose runs had one thread each: typical time times number, as some runs were paused."""
    seconds = read_table(folder, "runs.csv").groupby(TABLE)["wall_seconds"]
    return seconds.median() * seconds.size() / 3600


def winners(comparison: pd.DataFrame) -> pd.DataFrame:
    """One row per table: the lowest error, that of the reference, and how many schedules have which verdict."""
    rows = []
    for title, table in comparison.groupby("table", sort=False):
        best, reference = table.iloc[0], table[table["verdict"].isna()].iloc[0]
        verdicts = table["verdict"].map(lambda verdict: SHORT.get(verdict, verdict)).value_counts()
        counts = {
            word: verdicts.get(word, 0) for word in ("better", "worse", "inconclusive", "equivalent", "identical")
        }
        errors = {"lowest error %": _error(best), f"{reference['label']} %": _error(reference)}
        rows.append({"table": title, **errors, **counts})
    return pd.DataFrame(rows)


def schedules(comparison: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """One row per schedule by mean rank: difference from the reference per table, what wrong rates cost."""
    ranks = comparison.groupby("table")["common_error_mean"].rank()
    comparison = comparison.assign(rank=ranks, cell=comparison.apply(_difference, axis=1))
    cells = comparison.pivot(index="scheduler", columns="table", values="cell")[list(comparison["table"].unique())]
    by_schedule = costs.groupby("scheduler")[["cost_too_low", "cost_too_high"]].median()
    mean_ranks = comparison.groupby("scheduler")["rank"].mean()
    rows = cells.assign(**{
        "mean rank": mean_ranks.map("{:.1f}".format),
        "too low": by_schedule["cost_too_low"].map(_points),
        "too high": by_schedule["cost_too_high"].map(_points),
    })  # fmt: skip
    return rows.loc[mean_ranks.sort_values(kind="stable").index].reset_index()


def catalog_cells(folder: Path) -> pd.Series:
    """The cell of each schedule in the catalog: differences at the longest budget of every task, bold where shown."""
    comparison = read_table(folder, "comparison.csv")
    longest = comparison.groupby(TABLE[:2])["epochs"].transform("max")
    rows = comparison[comparison["epochs"] == longest]
    cells = rows.assign(cell=rows.apply(_catalog_cell, axis=1)).sort_values(TABLE[:2], kind="stable")
    return cells.groupby("scheduler")["cell"].agg(", ".join)


def _catalog_cell(row: pd.Series) -> str:
    """`-0.46`, in bold if the schedule is shown to differ; `=` for equal runs and for the reference."""
    if pd.isna(row["verdict"]) or row["verdict"] == "identical":
        return "="
    difference = f"{100 * row['difference']:+.2f}"
    return f"**{difference}**" if row["verdict"] in SHORT else difference


def _title(model: str, optimizer: str, epochs: int) -> str:
    return f"{model} · {optimizer} · {epochs} epoch{'s' * (epochs > 1)}"


def _error(row: pd.Series) -> str:
    return f"{row['label']} {100 * row['test_error_mean']:.2f}"


def _difference(row: pd.Series) -> str:
    """`-0.25 better`, `+0.02`; empty for the reference."""
    if pd.isna(row["verdict"]):
        return "reference"
    if row["verdict"] == "identical":
        return "identical"
    return f"{100 * row['difference']:+.2f} {SHORT.get(row['verdict'], '')}".strip()


def _points(cost: float) -> str:
    return "" if pd.isna(cost) else f"+{100 * cost:.2f}"


def to_markdown(rows: pd.DataFrame, num_names: int = 1) -> str:
    """The texts as they are, the first columns to the left."""
    alignment = ["left"] * num_names + ["right"] * (rows.shape[1] - num_names)
    return rows.to_markdown(index=False, disable_numparse=True, colalign=alignment)


def main() -> None:
    folder = Path(sys.argv[1])
    print(summary(folder))
    print(cpu_hours(folder).round(2).to_string(), end="\n\n")
    print(catalog_cells(folder).to_string())


if __name__ == "__main__":
    main()
