"""Tables for people: rounded columns, notes on what they show, and Markdown."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence

import pandas as pd

from src.analysis.common_seeds import have_different_seeds
from src.analysis.comparison import NOT_COMPLETED
from src.analysis.final_weights import LAST
from src.analysis.losses import num_lost, num_runs
from src.analysis.reference import is_reference, remedy
from src.analysis.report.escapes import to_markdown_text
from src.analysis.report.reasons import reasons_note
from src.analysis.stats import EXACT_UP_TO, MIN_SEEDS, RANDOM_PATTERNS
from src.analysis.wording import count_noun, format_loss, format_number, format_p
from src.analysis.workloads import WORKLOAD, workload_title

COLUMNS = {
    "scheduler": "The learning-rate schedule, with the settings in which it differs from others of the same name.",
    "peak lr": "The largest learning rate; the schedule scales it. Two numbers are the smallest and the largest of the "
    "rates that the tuning seeds chose, each for one evaluation seed.",
    "n": "Number of completed runs, one per seed.",
    "test error %": "Share of test images that are misclassified after the last step (never at the best epoch): mean "
    "over the seeds and, if there are six or more, its 95% confidence interval.",
    "common error %": "The same over the seeds that all ranked schedules completed; rows are sorted by it. It appears "
    "where schedules completed different seeds, and is missing for those that are not ranked.",
    "test loss": "Cross-entropy on the test set after the last step: mean ± standard deviation.",
    "last error %": "Test error of the weights after the last update, where the average of the weights counts.",
    "warmup": "Length of the linear warmup: below 1 a fraction of the run, from 1 on a number of updates.",
    "Δ": "Mean paired difference in test error from the reference, in percentage points, with its 95% confidence "
    "interval, which holds for all comparisons of the report at once. Negative is better.",
    "median Δ": "Median paired difference in percentage points. Where it is far from the mean, a few seeds decide.",
    "p (adjusted)": "Two-sided p-value of that difference from a sign-flip permutation test, exact up to 20 seeds, "
    "adjusted for all comparisons of the report (step-down maxT).",
    "P(better)": "Probability that a run of this schedule has a smaller test error than a run of the reference; 0.5 is "
    "a coin toss.",
    "verdict": "better or worse: the adjusted p-value is below 0.05; slightly better or slightly worse if the interval "
    "also lies within the margin below which differences do not matter. equivalent: not significant, and the interval "
    "lies within that margin. identical: every run equals that of the reference, so nothing was compared. "
    "inconclusive: anything else, also where failed or diverged runs, outlying runs, skewed differences or tuning "
    "seeds that disagree rule a verdict out.",
    "epochs to": "Median number of epochs to reach a validation accuracy, with the number of runs that reached it. The "
    "accuracy is the highest recorded one that more than half of the reference's runs reached. It is that of the "
    "weights in training, also where averaged ones are compared.",
    "train s": "Mean training time in seconds, without evaluation.",
    "diverged": "Runs whose loss became infinite or NaN.",
    "hopeless": "Runs that were stopped early because their validation was no better than guessing; they count like "
    "diverged ones.",
    "failed": "Runs that ended in an error.",
    "interrupted": "Runs that were stopped and can be resumed.",
}

UNREAD_NOTE = "Tuning runs do not read the test set, so there is no test error."
FAILURES_NOTE = "Failed and diverged runs are counted in separate columns, and schedules that have any come last."
HOPELESS_NOTE = "Hopeless runs were no better than guessing after an epoch and were stopped; they count as diverged."
COMMON_NOTE = (
    "The schedules completed different seeds. Rows are sorted by the common error, the mean over the seeds that all "
    f"ranked schedules completed. Schedules with fewer than {MIN_SEEDS} seeds are not ranked beside others with more."
)
AVERAGED_NOTE = (
    "Schedules with a last error are tuned and judged by their averaged weights; their last weights are not compared."
)
UNTESTED_NOTE = (
    "There is no unique reference among these schedules, so differences from it are neither shown nor tested."
)
TARGET_NOTE = (
    "Epochs to the highest recorded validation accuracy that more than half of the reference's runs reached: median, "
    "with the number of runs that reached it in brackets."
)
ROUNDING = 1e-12  # shares that differ by less are equal
DIFFERENCES = ("Δ", "median Δ", "p (adjusted)", "P(better)", "verdict")  # columns that compare with the reference


def split_by_workload(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The title and the rows of each workload. Only rows of one workload can be compared."""
    groups = table.groupby(WORKLOAD, dropna=False, sort=False)
    return [(workload_title(rows.iloc[0]), rows.reset_index(drop=True)) for _, rows in groups]


def format_table(rows: pd.DataFrame) -> pd.DataFrame:
    """The comparison of one workload with rounded numbers, under the headings in COLUMNS."""
    columns: dict[str, list[str]] = {
        "scheduler": list(rows["label"]),
        "peak lr": _rates(rows),
        "n": [str(n) for n in rows["n"]],
        "test error %": _with_interval(rows, "test_error", "test_error_mean"),
    }
    if have_different_seeds(rows):
        columns["common error %"] = _with_interval(rows, "common_error", "common_error_mean")
    columns["test loss"] = _mean_and_sd(rows, "test_loss")
    accuracies = rows.get(f"{LAST}_mean", pd.Series(dtype=float))
    if accuracies.notna().any():
        columns["last error %"] = [format_number(100 * (1 - accuracy), ".2f") for accuracy in accuracies]
    if (rows["warmup"] > 0).any():
        columns["warmup"] = [f"{warmup:g}" for warmup in rows["warmup"]]
    if _num_paired(rows):
        columns |= _difference_columns(rows)
    if rows["target"].notna().any():
        columns[f"epochs to {100 * rows['target'].dropna().iloc[0]:g} %"] = _times_to_target(rows)
    columns["train s"] = [format_number(time, ".1f" if time >= 1 else ".2g") for time in rows["train_seconds_mean"]]
    for status in NOT_COMPLETED:
        if status in rows and (rows[status] > 0).any():
            columns[status] = [str(count) for count in rows[status]]
    return pd.DataFrame(columns)


def notes(rows: pd.DataFrame, shown: Iterable[str] | None = None) -> list[str]:
    """What a reader needs to know about the table of one workload.

    Args:
        rows: `comparison` of the workload.
        shown: The columns that the reader sees; by default all of `format_table`.
    """
    shown = set(format_table(rows).columns if shown is None else shown)
    texts = [
        _error_note(rows, shown),
        FAILURES_NOTE if num_lost(rows).any() else "",
        HOPELESS_NOTE if "hopeless" in shown else "",
        COMMON_NOTE if "common error %" in shown else "",
        AVERAGED_NOTE if "last error %" in shown else "",
        *_difference_notes(rows, shown),
        TARGET_NOTE if any(name.startswith("epochs to") for name in shown) else "",
    ]
    return [text for text in texts if text]


def split_notes(notes_of: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
    """The notes that all tables share, and a paragraph for each table with other notes: `TITLE: ...`.

    Args:
        notes_of: The notes of each table by its title.
    """
    shared = [note for note in next(iter(notes_of.values()), []) if all(note in texts for texts in notes_of.values())]
    own = {title: " ".join(note for note in texts if note not in shared) for title, texts in notes_of.items()}
    return shared, [f"{title}: {text}" for title, text in own.items() if text]


def power_note(reference: str, num_seeds: int) -> str:
    """A warning if the seeds are too few for any difference to be significant; otherwise empty.

    Args:
        reference: The name of the reference.
        num_seeds: The largest number of seeds that a schedule shares with it.
    """
    if num_seeds >= MIN_SEEDS:
        return ""
    if not num_seeds:
        return f"Nothing could be tested: no other schedule completed a run with a seed that {reference} completed."
    return (
        f"With {count_noun(num_seeds, 'seed')}, no difference from {reference} can be significant, however large: that "
        f"takes {MIN_SEEDS} seeds. Read this as a description, not as a test."
    )


def _error_note(rows: pd.DataFrame, shown: Container[str]) -> str:
    if rows["test_error_mean"].isna().all():
        return UNREAD_NOTE if (rows["n"] > 0).any() else ""
    parts = [f"Mean test error at the final step over {'n' if 'n' in shown else 'the'} seeds"]
    if len(rows) > 1 and (rows["seeds"] == rows["common_seeds"]).any():
        parts += ["smallest first"]
    if rows["test_error_low"].notna().any():
        parts.append(f"with a 95% confidence interval in brackets if there are {MIN_SEEDS} seeds or more")
    deviation = "; ± is a standard deviation" * ("test loss" in shown and bool(rows["test_loss_sd"].notna().any()))
    return f"{', '.join(parts)}{deviation}."


def _difference_notes(rows: pd.DataFrame, shown: Container[str]) -> list[str]:
    if (num_runs(rows) > 0).sum() <= 1 or rows["test_error_mean"].isna().all():
        return []
    if untested := untested_notes(rows):
        return untested
    reference = str(rows["reference"].dropna().iloc[0])
    num_seeds = _num_paired(rows)
    return [_test_note(reference, num_seeds, shown) if num_seeds else "", power_note(reference, num_seeds)]


def untested_notes(rows: pd.DataFrame) -> list[str]:
    """That there is no reference, and how to name one; empty if there is one."""
    return [UNTESTED_NOTE, f"To test differences, {remedy(rows)}."] if rows["verdict"].isna().all() else []


def _num_paired(rows: pd.DataFrame) -> int:
    """The largest number of seeds that a schedule shares with the reference."""
    return 0 if rows["paired"].isna().all() else int(rows["paired"].max())


def _test_note(reference: str, num_seeds: int, shown: Container[str]) -> str:
    patterns = "all sign patterns" if num_seeds <= EXACT_UP_TO else f"{RANDOM_PATTERNS:,} random sign patterns"
    intervals = ", with an interval that holds for all comparisons of the report at once" * (num_seeds >= MIN_SEEDS)
    texts = {
        "Δ": f"Δ is the mean paired difference from {reference} in percentage points{intervals}",
        "p (adjusted)": f"p is the p-value of a sign-flip test over {patterns}, adjusted for all comparisons of the "
        "report",
        "P(better)": f"P(better) is the probability that a run beats a run of {reference}",
    }
    return "; ".join(text for column, text in texts.items() if column in shown) + "."


def to_markdown(table: pd.DataFrame) -> str:
    """The table of every workload, with its notes."""
    parts = []
    for title, rows in split_by_workload(table):
        text = format_table(rows)
        text["scheduler"] = text["scheduler"].map(to_markdown_text)
        alignment = ["left"] + ["right"] * (len(text.columns) - 1)
        markdown = text.to_markdown(index=False, disable_numparse=True, colalign=alignment)
        note = to_markdown_text(" ".join([*notes(rows), reasons_note(rows)]).strip())
        parts.append(f"### {to_markdown_text(title)}\n\n{markdown}\n\n{note}\n")
    return "\n".join(parts)


def _rates(rows: pd.DataFrame) -> list[str]:
    """`0.05`, or `0.016–0.05` if every replicate has a rate of its own."""
    columns = zip(rows["lr_low"], rows["lr_high"], strict=True)
    return ["–" if pd.isna(low) else f"{low:g}" + f"–{high:g}" * (low != high) for low, high in columns]


def _difference_columns(rows: pd.DataFrame) -> dict[str, list[str]]:
    return {
        "Δ": _with_interval(rows, "difference", "difference", signed=True),
        "median Δ": ["" if pd.isna(value) else _signed(value) for value in rows["difference_median"]],
        "p (adjusted)": ["" if pd.isna(p) else format_p(p) for p in rows["p_adjusted"]],
        "P(better)": ["" if pd.isna(p) else f"{p:.2f}" for p in rows["p_better"]],
        "verdict": [
            verdict if isinstance(verdict, str) else "reference" * is_unique
            for verdict, is_unique in zip(rows["verdict"], is_reference(rows), strict=True)
        ],
    }


def _with_interval(rows: pd.DataFrame, name: str, center: str, *, signed: bool = False) -> list[str]:
    """`1.02 [0.97, 1.08]` in percentage points; without brackets where there is no interval."""
    percent = _signed if signed else _percent
    texts = []
    for mean, low, high in zip(rows[center], rows[f"{name}_low"], rows[f"{name}_high"], strict=True):
        if pd.isna(mean):
            texts.append("" if signed else "–")
        elif pd.isna(low):
            texts.append(percent(mean))
        else:
            low_text, high_text = ("0" if end == 0 else percent(end) for end in (low, high))
            texts.append(f"{percent(mean)} [{low_text}, {high_text}]")
    return texts


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def _signed(difference: float) -> str:
    """In percentage points with a sign, except for no difference."""
    return f"{100 * difference:+.2f}" if abs(difference) > ROUNDING else "0.00"


def _times_to_target(rows: pd.DataFrame) -> list[str]:
    """`4.5 (7/10)`: median epochs, and how many of the runs reached the target."""
    columns = zip(rows["epoch_to_target"], rows["reached"], rows["tried"], strict=True)
    return ["–" if not tried else f"{_epochs(time)} ({reached}/{tried})" for time, reached, tried in columns]


def _epochs(time: float) -> str:
    return "never" if math.isinf(time) else f"{time:g}"


def _mean_and_sd(rows: pd.DataFrame, metric: str) -> list[str]:
    columns = zip(rows[f"{metric}_mean"], rows[f"{metric}_sd"], strict=True)
    return [format_loss(mean) + ("" if pd.isna(sd) else f" ± {format_loss(sd)}") for mean, sd in columns]
