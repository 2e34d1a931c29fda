"""How the results of the page were obtained: protocol, data, equivalence margin, precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from src.analysis.comparison import equivalence_margin
from src.analysis.wording import join_names, ranges

PROTOCOL = {
    "name": "Protocol",
    "schedulers": "Schedules",
    "reference": "Reference",
    "num_lrs": "Initial learning rates",
    "max_extensions": "Maximum grid extensions",
    "tuning_seeds": "Tuning seeds",
    "evaluation_seeds": "Evaluation seeds",
    "budgets": "Budgets (epochs)",
}


def method(runs: pd.DataFrame, sweep: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Terms and their descriptions. `sweep` is the contents of sweep.json, or empty."""
    lines = [*_protocol_lines(runs, sweep.get("protocol") or {}), *_data_lines(runs)]
    for name, rows in runs.groupby("dataset", sort=False):
        lines.append(("Equivalence margin", f"{name}: ± {100 * equivalence_margin(rows):g} percentage points"))
    lines.append(("Precision", join_names(sorted(set(runs["precision"].dropna().astype(str))))))
    return [(term, text) for term, text in lines if text]


def _protocol_lines(runs: pd.DataFrame, protocol: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not protocol:
        return [("Protocol", "none: schedules ran as configured"), ("Seeds", ranges(runs["seed"]))]
    return [(PROTOCOL.get(key, key), _text(value)) for key, value in protocol.items() if value != []]


def _text(value: object) -> str:
    if isinstance(value, list) and value and all(isinstance(item, int) for item in value):
        return ranges(value)
    return join_names(value) if isinstance(value, list) else str(value)


def _data_lines(runs: pd.DataFrame) -> list[tuple[str, str]]:
    lines = []
    for name, rows in runs.groupby("dataset", sort=False):
        settings = rows["settings"].iloc[0]
        train, val, test = (settings[f"data.num_{part}"] for part in ("train", "val", "test"))
        line = f"{name}: {train - val} training, {val} validation and {test} test examples"
        hashes = sorted(set(rows["validation_examples"].dropna()))
        if len(hashes) == 1:
            line += f"; all runs have the same validation examples (hash {hashes[0]})"
        elif hashes:
            line += f"; the runs have {len(hashes)} different validation sets and cannot be compared"
        lines.append(("Data", line))
    return lines
