"""Tables as people read them: rounded, aligned, with a note on what they show; Markdown and LaTeX."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from src.analysis.stats import EXACT_UP_TO, RANDOM_PATTERNS, seeds_needed
from src.analysis.wording import counted, number, probability
from src.analysis.workloads import WORKLOAD, workload_title
from src.status import LOST

NOTE = (
    "Test error at the final step over n seeds, smallest mean first; in brackets a 95 % BCa bootstrap interval, after "
    "± a standard deviation. Runs that diverged or failed are counted in columns of their own, and a schedule that "
    "lost runs stands below those that lost none."
)
DIFFERENCES = ("Δ", "p (Holm)", "P(better)", "verdict")  # columns on the difference to the reference
AVERAGED = "The averaged error is that of the averaged weights; the order is that of the last update's."


def workloads(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The table in parts that may be compared within, each with its title."""
    parts = []
    for _, rows in table.groupby(WORKLOAD, dropna=False, sort=False):
        parts.append((workload_title(rows.iloc[0]), rows.reset_index(drop=True)))
    return parts


def readable(rows: pd.DataFrame) -> pd.DataFrame:
    """One workload's rows, rounded, as people read them."""
    columns: dict[str, list[str]] = {
        "scheduler": list(rows["label"]),
        "peak lr": ["–" if pd.isna(value) else f"{value:g}" for value in rows["lr"]],
        "n": [str(value) for value in rows["n"]],
        "test error %": _with_interval(rows, "test_error", "test_error_mean"),
        "test loss": _mean_sd(rows, "test_loss", 4),
    }
    if rows["averaged_test_accuracy_mean"].notna().any():
        columns["averaged error %"] = [
            number(100 * (1 - value), ".2f") for value in rows["averaged_test_accuracy_mean"]
        ]
    if (rows["warmup"] > 0).any():
        columns["warmup"] = [f"{value:g}" for value in rows["warmup"]]
    if rows["verdict"].notna().any():
        columns |= _difference_columns(rows)
    if rows["target"].notna().any():
        columns[f"epochs to {100 * rows['target'].dropna().iloc[0]:g} %"] = _times(rows)
    columns["train s"] = [number(value, ".1f" if value >= 1 else ".2g") for value in rows["train_seconds_mean"]]
    for status in (*LOST, "interrupted"):
        if (rows[status] > 0).any():
            columns[status] = [str(value) for value in rows[status]]
    return pd.DataFrame(columns)


def notes(rows: pd.DataFrame) -> list[str]:
    """What has to be said below one workload's table."""
    said = [NOTE]
    if rows["averaged_test_accuracy_mean"].notna().any():
        said.append(AVERAGED)
    if rows["verdict"].notna().any():
        seeds = int(rows["paired"].max())
        said += [
            f"Δ is the mean paired difference to {rows['reference'].iloc[0]} in percentage points; p is that of a "
            f"sign-flip test over {_patterns(seeds)}, adjusted by Holm over the table; P(better) is how often a run "
            "beats one of the reference.",
            _power(family_size(rows), seeds),
        ]
    else:
        said.append("The differences are described here, not tested.")
    if rows["target"].notna().any():
        said.append("Epochs to a validation accuracy: the median and, in brackets, how many of the runs reached it.")
    return [text for text in said if text]


def family_size(rows: pd.DataFrame) -> int:
    """How many comparisons one workload's table makes; as many as it was to make where none has two common seeds."""
    return int(rows["p_holm"].notna().sum()) or int(rows["verdict"].notna().sum())


def _patterns(seeds: int) -> str:
    return "all patterns of signs" if seeds <= EXACT_UP_TO else f"{RANDOM_PATTERNS:,} random patterns of signs"


def _power(family: int, seeds: int) -> str:
    """Says so where the seeds are too few for anything to become significant."""
    needed = seeds_needed(family)
    if seeds >= needed:
        return ""
    return (
        f"With {counted(seeds, 'seed')} no difference in this table can be significant, however large: "
        f"{counted(family, 'comparison')} would need {needed}. Read it as a description."
    )


def to_markdown(table: pd.DataFrame) -> str:
    """Every workload's table, with what its columns mean."""
    parts = []
    for title, rows in workloads(table):
        text = readable(rows)
        alignment = ["left"] + ["right"] * (len(text.columns) - 1)
        markdown = text.to_markdown(index=False, disable_numparse=True, colalign=alignment)
        parts.append(f"### {title}\n\n{markdown}\n\n{' '.join(notes(rows))}\n")
    return "\n".join(parts)


def to_latex(table: pd.DataFrame) -> str:
    """Every workload's table with booktabs rules: `\\usepackage{booktabs}`.

    In two parts, results and differences, each as wide as a page of text.
    """
    parts = []
    for title, rows in workloads(table):
        text = readable(rows)
        differing = [name for name in DIFFERENCES if name in text]
        bodies = [_tabular(text.drop(columns=differing))]
        if differing:
            bodies.append(_tabular(text[["scheduler", *differing]]))
        caption = _escaped(f"{title}. {' '.join(notes(rows))}")
        tabulars = "\n\\medskip\n\n".join(bodies)
        opening = "\\begin{table}\n\\centering\n\\footnotesize\n\\setlength{\\tabcolsep}{3pt}"
        parts.append(f"{opening}\n{tabulars}\\caption{{{caption}}}\n\\end{{table}}\n")
    return "\n".join(["% needs \\usepackage{booktabs}", *parts])


def _tabular(text: pd.DataFrame) -> str:
    escaped = text.map(_escaped).rename(columns=_escaped)
    return escaped.style.hide(axis="index").to_latex(hrules=True, column_format="l" + "r" * (len(text.columns) - 1))


def _difference_columns(rows: pd.DataFrame) -> dict[str, list[str]]:
    return {
        "Δ": _with_interval(rows, "difference", "difference", signed=True),
        "p (Holm)": ["" if pd.isna(value) else probability(value) for value in rows["p_holm"]],
        "P(better)": ["" if pd.isna(value) else f"{value:.2f}" for value in rows["p_better"]],
        "verdict": [
            "reference" if label == reference and pd.isna(word) else str(word or "")
            for word, label, reference in zip(rows["verdict"], rows["scheduler"], rows["reference"], strict=True)
        ],
    }


def _with_interval(rows: pd.DataFrame, name: str, center: str, *, signed: bool = False) -> list[str]:
    """`1.02 [0.97, 1.08]`, in percentage points; without the brackets where there is no interval."""
    form = "+.2f" if signed else ".2f"
    texts = []
    for mean, low, high in zip(rows[center], rows[f"{name}_low"], rows[f"{name}_high"], strict=True):
        if pd.isna(mean):
            texts.append("" if signed else "–")
        elif pd.isna(low):
            texts.append(f"{100 * mean:{form}}")
        else:
            texts.append(f"{100 * mean:{form}} [{100 * low:{form}}, {100 * high:{form}}]")
    return texts


def _times(rows: pd.DataFrame) -> list[str]:
    times = zip(rows["epoch_to_target"], rows["reached"], rows["tried"], strict=True)
    return ["–" if not tried else f"{_epochs(time)} ({reached}/{tried})" for time, reached, tried in times]


def _epochs(time: float) -> str:
    return "never" if math.isinf(time) else f"{time:g}"


def _mean_sd(rows: pd.DataFrame, metric: str, digits: int) -> list[str]:
    pairs: Sequence[tuple[float, float]] = list(zip(rows[f"{metric}_mean"], rows[f"{metric}_sd"], strict=True))
    return [number(mean, f".{digits}f") + ("" if pd.isna(sd) else f" ± {sd:.{digits}f}") for mean, sd in pairs]


_LATEX = {
    "\\": r"\textbackslash{}", "%": r"\%", "&": r"\&", "_": r"\_", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "Δ": r"$\Delta$", "–": "--", "·": r"$\cdot$",
    "<": "$<$", ">": "$>$",
}  # fmt: skip


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)
