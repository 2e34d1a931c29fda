"""What a setting is called in tables and pictures: its schedule, and in what else it differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from src.analysis.workloads import WORKLOAD

# What makes a schedule, beside its name: differences in it are within schedules of a name, all others between any two.
_OF_SCHEDULE = ("scheduler.", "interval")
_KNOWN = ("optimizer.lr", "warmup")  # have columns of their own
_NO_VALUE = object()


def labels_of(workload: pd.DataFrame) -> dict[str, str]:
    """For each setting of a workload the scheduler's name and all it differs in but lr and warmup.

    In parameters of the schedule it may differ from its namesakes; in anything else, weight decay say, from most of its
    workload: a comparison that is not of schedules alone says so in the names.
    """
    rows = workload.drop_duplicates("setting")
    usual = _usual(rows["settings"].tolist())
    brief, full = {}, {}
    for (name, _), own in rows.groupby(["scheduler", "warmup"], dropna=False):
        settings = own["settings"].tolist()
        for setting, each, shape in zip(own["setting"], settings, _shapes(settings), strict=True):
            unusual = {key: each[key] for key, value in usual.items() if key in each and each[key] != value}
            brief[setting] = _label(str(name), _brief(unusual) | shape)
            full[setting] = _label(str(name), unusual | shape)
    repeated = rows.assign(label=rows["setting"].map(brief)).duplicated(["label", "lr", "warmup"], keep=False)
    return {**brief, **{setting: full[setting] for setting in rows["setting"][repeated]}}


def _label(name: str, differences: Mapping[str, Any]) -> str:
    """`step (gamma=0.5)` for a parameter of the schedule, `linear (averaging=ema)` for a choice."""
    parts = [
        f"{key.removeprefix('scheduler.').removesuffix('.name')}={value}"
        for key, value in differences.items()
        if not key.endswith("._target_")
    ]
    return f"{name} ({', '.join(parts)})" if parts else name


def _usual(settings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The keys that are not of the schedule and differ, with what more than half of the settings have, or _NO_VALUE."""
    keys = sorted({key for each in settings for key in each if not key.startswith(_OF_SCHEDULE) and key not in _KNOWN})
    found = {}
    for key in keys:
        values = [each.get(key) for each in settings]
        if any(value != values[0] for value in values):
            most, count = Counter(map(str, values)).most_common(1)[0]
            usual = next(value for value in values if str(value) == most)
            found[key] = usual if count > len(values) / 2 else _NO_VALUE
    return found


def _brief(differences: Mapping[str, Any]) -> dict[str, Any]:
    """Without what follows from the choice of another file of its group."""
    chosen = {key.partition(".")[0] for key in differences if key.endswith(".name")}
    return {
        key: value for key, value in differences.items() if key.endswith(".name") or key.partition(".")[0] not in chosen
    }


def _shapes(settings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each of some namesakes the parameters of the schedule in which they differ.

    What follows the peak is given as a multiple of it: it is the same schedule at another rate.
    """
    shapes: list[dict[str, Any]] = [{} for _ in settings]
    keys = sorted({key for each in settings for key in each if key.startswith(_OF_SCHEDULE)})
    for key in keys:
        values = [each.get(key) for each in settings]
        multiples = [_multiple(each.get(key), each["optimizer.lr"]) for each in settings]
        if len(set(map(str, multiples))) < len(set(map(str, values))):
            values = multiples
        if len(set(map(str, values))) > 1:
            for shape, each, value in zip(shapes, settings, values, strict=True):
                if key in each:
                    shape[key] = value
    return shapes


def _multiple(value: object, lr: object) -> object:
    if isinstance(value, int | float) and isinstance(lr, int | float) and lr > 0:
        return f"{value / lr:.6g}·lr"
    return value


def display_names(rows: pd.DataFrame) -> pd.Series:
    """The label of each row, with lr and warmup where rows of the same label and workload size differ in them."""
    names = rows["label"].astype(str)
    for key in ("lr", "warmup"):
        varied = rows.groupby("label")[key].transform("nunique") > 1
        names = names.where(~varied, names + rows[key].map(lambda value, key=key: f" {key}={value:g}"))
    return names


def workload_names(rows: pd.DataFrame) -> pd.Series:
    """What each row is called within its workload."""
    if rows.empty:
        return pd.Series(dtype=str)
    parts = [display_names(part) for _, part in rows.groupby(WORKLOAD, dropna=False)]
    return pd.concat(parts).reindex(rows.index)
