"""The table of the page on open questions that compares schedules with themselves without warmup."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from src.analysis.stats import family_test
from tests.published_files import RESULTS, read_table

FOLDER = RESULTS / "questions" / "warmup"
COLD = {"warmup_cosine": "cosine"}  # what a schedule is without its warmup, if that has another name
KEYS = ["optimizer", "scheduler", "warmup"]


def warmup_effects(folder: Path = FOLDER) -> pd.DataFrame:
    """One row per schedule with warmup: the difference in test error from the same schedule without it, in points.

    Each has its own tuned rate. All comparisons are one family.
    """
    runs = read_table(folder, "runs.csv")
    evaluation = runs[runs["read_test"]]
    errors = 100 * (1 - evaluation.pivot(index="seed", columns=KEYS, values="test_accuracy")).round(6)
    rates = evaluation.groupby(KEYS)["lr"].first()
    warm = sorted(key for key in errors if key[2] > 0)
    cold = [(optimizer, COLD.get(scheduler, scheduler), 0.0) for optimizer, scheduler, _ in warm]
    differences = errors[warm].to_numpy() - errors[cold].to_numpy()
    test = family_test(differences)
    table = pd.DataFrame(warm, columns=KEYS)
    return table.assign(
        peaks=[f"{rates[without]:g}, {rates[within]:g}" for without, within in zip(cold, warm, strict=True)],
        difference=differences.mean(axis=0).round(6),
        low=[interval.low for interval in test.intervals],
        high=[interval.high for interval in test.intervals],
        p=test.p_adjusted,
    )


def to_markdown(table: pd.DataFrame) -> str:
    """The table as the page quotes it."""
    differences = [f"{row.difference:+.2f} [{row.low:+.2f}, {row.high:+.2f}]" for row in table.itertuples()]
    shown = table[KEYS].assign(**{
        "peak lr without, with": table["peaks"],
        "Δ": differences,
        "p (adjusted)": table["p"].map("{:.3f}".format),
    })  # fmt: skip
    return shown.to_markdown(index=False, disable_numparse=True, colalign=["left"] * 2 + ["right"] * 4)


if __name__ == "__main__":
    print(to_markdown(warmup_effects()))
