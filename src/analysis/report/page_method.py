"""How the results of the page were obtained: protocol, data, equivalence margin, precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from src.analysis.comparison import equivalence_margin
from src.analysis.tuning import is_tuning
from src.analysis.wording import counted, join_names, ranges

PROTOCOL = {
    "name": "Protocol",
    "schedulers": "Schedules",
    "reference": "Reference",
    "num_lrs": "Initial learning rates",
    "max_extensions": "Maximum grid extensions",
    "refine": "Best rates refined",
    "tuning_seeds": "Tuning seeds",
    "evaluation_seeds": "Evaluation seeds",
    "tune_per_seed": "Rate chosen per seed",
    "budgets": "Budgets (epochs)",
}


def method(runs: pd.DataFrame, sweep: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Terms and their descriptions. `sweep` is the contents of sweep.json, or empty."""
    lines = [*_protocol_lines(runs, sweep.get("protocol") or {}), *_data_lines(runs)]
    for name, rows in runs.groupby("dataset", sort=False):
        lines.append(("Equivalence margin", f"{name}: ± {100 * equivalence_margin(rows):g} percentage points"))
    lines += [("Device type", counted(runs["device_type"])), ("Precision", counted(runs["precision"]))]
    return [(term, text) for term, text in lines if text]


def _protocol_lines(runs: pd.DataFrame, protocol: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not protocol:
        return _lines_without_protocol(runs)
    return [(PROTOCOL.get(key, key), _text(value)) for key, value in protocol.items() if value != []]


def _lines_without_protocol(runs: pd.DataFrame) -> list[tuple[str, str]]:
    """Of a sweep that has none, or of several sweeps, each of which may have its own."""
    is_tuned = is_tuning(runs)
    if not is_tuned.any():
        return [("Protocol", "none: schedules ran as configured"), ("Seeds", ranges(runs["seed"]))]
    parts = {"tuning_seeds": runs[is_tuned], "evaluation_seeds": runs[~is_tuned]}
    seeds = [(PROTOCOL[key], ranges(rows["seed"])) for key, rows in parts.items() if len(rows)]
    return [("Protocol", "that of each sweep"), *seeds]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and value and all(isinstance(item, int) for item in value):
        return ranges(value)
    return join_names(value) if isinstance(value, list) else str(value)


def _data_lines(runs: pd.DataFrame) -> list[tuple[str, str]]:
    lines = []
    for name, rows in runs.groupby("dataset", sort=False):
        line = f"{name}: {counted(rows['settings'].map(_sizes))}"
        hashes = rows["validation_examples"]
        if hashes.nunique() == 1:
            line += f"; all runs have the same validation examples (hash {counted(hashes)})"
        elif hashes.nunique():
            line += f"; one table for each set of validation examples, with hash {counted(hashes)}"
        lines.append(("Data", line))
    return lines


def _sizes(settings: Mapping[str, Any]) -> str:
    train, val, test = (settings[f"data.num_{part}"] for part in ("train", "val", "test"))
    return f"{train - val} training, {val} validation and {test} test examples"
