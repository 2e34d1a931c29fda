"""Names of settings in tables and figures: the schedule, and the values in which it differs from others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from src.analysis.workloads import WORKLOAD
from src.config.identity import NEUTRAL

_SCHEDULE_KEYS = ("scheduler.", "interval")  # prefixes; compared only among schedules of the same name
_COLUMN_KEYS = ("optimizer.lr", "warmup")  # have table columns of their own
_CALLBACKS = "callbacks."
_UNMARKED = {"averaging.name": "none", "callbacks.name": "none"}  # need no mention, however few settings have them
_ABSENT = "none"  # the value of a key that a setting lacks
_NO_VALUE = object()


def setting_labels(workload: pd.DataFrame) -> dict[str, str]:
    """Labels for the settings of a workload: the schedule's name and every difference except lr and warmup.

    Parameters of the schedule appear where schedules of the same name differ in them. Any other value, such as weight
    decay, appears where it differs from that of most settings, so that a label shows when more than the schedule
    differs. Two settings with the same rate and warmup never share a label.
    """
    rows = workload.drop_duplicates("setting")
    all_values = [_with_callbacks(values) for values in rows["settings"]]
    rows = rows.assign(settings=pd.Series(all_values, rows.index, dtype=object))
    usual_values = _usual_values(all_values)
    brief, full, complete = {}, {}, {}
    for (name, _), group in rows.groupby(["scheduler", "warmup"], dropna=False):
        settings = group["settings"].tolist()
        for setting, values, parameters in zip(group["setting"], settings, _schedule_parameters(settings), strict=True):
            unusual = {key: value for key, usual in usual_values.items() if (value := _value(values, key)) != usual}
            present = {key: value for key, value in unusual.items() if key in values}
            brief[setting] = _label(str(name), _without_targets(_without_implied(present) | parameters))
            full[setting] = _label(str(name), _without_targets(present | parameters))
            complete[setting] = _label(str(name), unusual | parameters)
    return _with_digests(_shortest([brief, full, complete]), rows)


def _shortest(labels: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """For each setting the first of its labels that means the same as its last one.

    At every rate: a label that depended on it would tear the grid of a schedule apart.
    """
    *shorter, last = labels
    chosen, one_of_each = dict(last), {label: setting for setting, label in last.items()}.values()
    for candidates in reversed(shorter):
        meanings = Counter(candidates[setting] for setting in one_of_each)
        chosen |= {setting: label for setting, label in candidates.items() if meanings[label] == 1}
    return chosen


def _with_digests(labels: Mapping[str, str], rows: pd.DataFrame) -> dict[str, str]:
    """The labels with digits of the setting's digest where settings still share one, such as for 1 and 1.0."""
    named = rows.assign(label=rows["setting"].map(labels))
    is_shared = named.duplicated(["label", "lr", "warmup"], keep=False)
    texts = named["label"].where(~is_shared, named["label"] + " #" + named["setting"].str[:6])
    return dict(zip(named["setting"], texts, strict=True))


def _with_callbacks(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the names of the callbacks, as if these were a config group: `mlflow+wandb`, `none`."""
    names = dict.fromkeys(key.split(".")[1] for key in values if key.startswith(_CALLBACKS))
    return {**values, f"{_CALLBACKS}name": "+".join(names) or _ABSENT}


def _label(name: str, differences: Mapping[str, Any]) -> str:
    """`step (gamma=0.5)` for a parameter of the schedule, `linear (averaging=ema)` for a config group."""
    parts = [f"{key.removeprefix('scheduler.').removesuffix('.name')}={value}" for key, value in differences.items()]
    return f"{name} ({', '.join(parts)})" if parts else name


def _without_targets(differences: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in differences.items() if not key.endswith("._target_")}


def _value(values: Mapping[str, Any], key: str) -> Any:
    """The value of a key, also of one that the setting lacks."""
    return values.get(key, NEUTRAL.get(key, _ABSENT))


def _usual_values(settings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The value that needs no mention, or _NO_VALUE, for each key that varies: that of more than half of the settings.

    Keys of the schedule and keys with a table column are left out.
    """
    keys = {key for values in settings for key in values if not key.startswith(_SCHEDULE_KEYS)} - set(_COLUMN_KEYS)
    usual_values = {}
    for key in sorted(keys):
        column = [_value(values, key) for values in settings]
        if any(value != column[0] for value in column):
            usual_values[key] = _usual_value(key, column)
    return usual_values


def _usual_value(key: str, column: Sequence[Any]) -> Any:
    if key == "optimizer.name":  # they only share a table to be compared
        return _NO_VALUE
    if key in _UNMARKED and _UNMARKED[key] in column:
        return _UNMARKED[key]
    text, count = Counter(map(str, column)).most_common(1)[0]
    most_common = next(value for value in column if str(value) == text)
    return most_common if count > len(column) / 2 else _NO_VALUE


def _without_implied(differences: Mapping[str, Any]) -> dict[str, Any]:
    """Drops the parameters of a config group whose chosen file differs: its name already says so."""
    groups = {key.partition(".")[0] for key in differences if key.endswith(".name")}
    return {
        key: value for key, value in differences.items() if key.endswith(".name") or key.partition(".")[0] not in groups
    }


def _schedule_parameters(settings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each of several settings of one schedule, the schedule's parameters in which they differ.

    A parameter that scales with the peak is shown as a multiple of it: at another peak it is the same schedule.
    """
    parameters: list[dict[str, Any]] = [{} for _ in settings]
    for key in sorted({key for values in settings for key in values if key.startswith(_SCHEDULE_KEYS)}):
        column = [values.get(key) for values in settings]
        multiples = [_as_multiple(values.get(key), values["optimizer.lr"]) for values in settings]
        if len(set(map(str, multiples))) < len(set(map(str, column))):
            column = multiples
        if len(set(map(str, column))) > 1:
            for setting_parameters, values, value in zip(parameters, settings, column, strict=True):
                if key in values:
                    setting_parameters[key] = value
    return parameters


def _as_multiple(value: object, lr: object) -> object:
    if isinstance(value, int | float) and isinstance(lr, int | float) and lr > 0:
        return f"{value / lr:.6g}·lr"
    return value


def display_names(rows: pd.DataFrame) -> pd.Series:
    """The label of each row of a workload, with warmup and, if that is not enough, lr where equal labels differ."""
    names = rows["label"].astype(str)
    for key, like in (("lr", ["label", "warmup"]), ("warmup", ["label"])):
        varies = rows.groupby(like, dropna=False)[key].transform("nunique") > 1
        names = names.where(~varies, names + rows[key].map(lambda value, key=key: f" {key}={value:g}"))
    return names


def workload_names(rows: pd.DataFrame) -> pd.Series:
    """`display_names` of each row within its workload."""
    if rows.empty:
        return pd.Series(dtype=str)
    parts = [display_names(part) for _, part in rows.groupby(WORKLOAD, dropna=False)]
    return pd.concat(parts).reindex(rows.index)


def tuned_names(rows: pd.DataFrame) -> pd.Series:
    """The label of each row, with the warmup where rows of the same workload and label differ in it, at any rate."""
    varies = rows.groupby([*WORKLOAD, "label"], dropna=False)["warmup"].transform("nunique") > 1
    return rows["label"].where(~varies, rows["label"] + rows["warmup"].map(" warmup={:g}".format))
