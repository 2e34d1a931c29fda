"""The comparison as LaTeX tables."""

from __future__ import annotations

import pandas as pd

from src.analysis.report.reasons import reasons_note
from src.analysis.report.tables import DIFFERENCES, format_table, notes, split_by_workload

# By hand, because the escaping of pandas leaves <, > and characters outside ASCII as they are.
_ESCAPES = str.maketrans({
    "\\": r"\textbackslash{}", "%": r"\%", "&": r"\&", "_": r"\_", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "Δ": r"$\Delta$", "–": "--", "·": r"$\cdot$",
    "<": "$<$", ">": "$>$", "\n": " ", "\r": " ",
})  # fmt: skip


def to_latex(table: pd.DataFrame) -> str:
    """The table of every workload with booktabs rules; needs `\\usepackage{booktabs}`.

    Each has two parts, results and differences, so that it fits the width of a page.
    """
    parts = []
    for title, rows in split_by_workload(table):
        text = format_table(rows)
        differences = [name for name in DIFFERENCES if name in text]
        bodies = [_tabular(text.drop(columns=differences))]
        if differences:
            bodies.append(_tabular(text[["scheduler", *differences]]))
        caption = f"{title}. {' '.join([*notes(rows), reasons_note(rows)]).strip()}".translate(_ESCAPES)
        tabulars = "\n\\medskip\n\n".join(bodies)
        opening = "\\begin{table}\n\\centering\n\\footnotesize\n\\setlength{\\tabcolsep}{3pt}"
        parts.append(f"{opening}\n{tabulars}\\caption{{{caption}}}\n\\end{{table}}\n")
    return "\n".join(["% needs \\usepackage{booktabs}", *parts])


def _tabular(text: pd.DataFrame) -> str:
    escaped = text.map(_escape).rename(columns=_escape)
    return escaped.style.hide(axis="index").to_latex(hrules=True, column_format="l" + "r" * (len(text.columns) - 1))


def _escape(text: str) -> str:
    return text.translate(_ESCAPES)
