"""The report as one page that needs nothing beside itself: the answer first, then what it rests on."""

from __future__ import annotations

import base64
import math
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from src.analysis.comparison import equivalence_margin
from src.analysis.report.answer import answer, overview, ranks_in_words
from src.analysis.report.tables import notes, readable, workloads
from src.analysis.tuning import GROUP, choose, is_tuning
from src.analysis.wording import counted, listed, number, ranges
from src.analysis.workloads import WORKLOAD, select_workload, workload_title
from src.runs import record as records

TEMPLATE = "page.html.j2"
LARGE_SVG = 300_000  # bytes, from which the PNG is the smaller one
EMBEDDED = 2_000_000  # bytes of figures that a page holds; further ones are linked
SHOWN = 20  # runs that a line of failures links; the rest are counted, and in the list of all runs
RUN_FILES = (records.FILE, "history.csv")

CAPTIONS = {
    "test_error": "Test error at the end of training, the best schedule at the top. A dot is a seed, the diamond the "
    "mean of the seeds, the bar its 95 % interval. Bars that overlap do not say that two schedules are alike: the "
    "seeds are paired, and the verdicts in the table are on the differences.",
    "lr_curves": "The learning rate of every update, on a linear and on a logarithmic axis, under the first seed.",
    "loss_curves": "Training and validation loss after each epoch: the median over the seeds, and the band in which "
    "the middle half of them lies.",
    "accuracy_curves": "Training and validation accuracy after each epoch: the median over the seeds, and the band in "
    "which the middle half of them lies.",
    "lr_sensitivity": "How much the choice of the peak learning rate matters: validation loss in the tuning runs. A "
    "wide valley forgives a bad guess. A cross at the top: at that rate half of the runs or more were lost.",
    "rank_against_budget": "Rank by mean test error at each length of training, 1 the best. Every length is a run of "
    "its own, with the schedule stretched over it.",
    "performance_profile": "The fraction of workloads on which a schedule reached the target accuracy within a "
    "multiple of the fastest schedule's updates. Higher is better; the value at 1 says how often it was the fastest.",
}

COLUMNS = {
    "scheduler": "The learning-rate schedule, with the settings in which it differs from others of its name.",
    "peak lr": "The largest learning rate, which the schedule scales.",
    "n": "Seeds whose run completed.",
    "test error %": "Share of test images classified wrongly after the last step (never at the best epoch): mean over "
    "the seeds, in brackets its 95 % BCa bootstrap interval.",
    "test loss": "Cross-entropy on the test set after the last step: mean ± standard deviation.",
    "averaged error %": "The same error of the averaged weights.",
    "warmup": "Length of the linear warmup before the schedule: a fraction of the run below 1, updates from 1 on.",
    "Δ": "Mean paired difference in test error to the reference, in percentage points, with its 95 % interval; "
    "negative is better.",
    "p (Holm)": "Two-sided p of that difference by a sign-flip permutation test, exact up to 20 seeds, adjusted by "
    "Holm for the number of comparisons in the table.",
    "P(better)": "How often a run of this schedule beats one of the reference; 0.5 is a coin toss.",
    "verdict": "better or worse: p (Holm) below 0.05 and the interval excludes 0. equivalent: neither, and the "
    "interval lies within the margin below which differences do not matter. inconclusive: none of these, or runs were "
    "lost.",
    "epochs to": "Epochs to a validation accuracy, the median; in brackets how many of the runs reached it.",
    "train s": "Seconds of training without evaluation, mean.",
    "diverged": "Runs whose loss became infinite or NaN.",
    "failed": "Runs that ended in an error.",
    "interrupted": "Runs that were stopped and can be resumed.",
}

PROTOCOL = {
    "name": "Protocol",
    "schedulers": "Schedules",
    "reference": "Reference",
    "num_lrs": "Peak learning rates tried first",
    "max_extensions": "Times the grid may grow at an edge",
    "tuning_seeds": "Seeds to tune with",
    "evaluation_seeds": "Seeds to compare with",
    "budgets": "Epochs",
}


def render(
    *,
    table: pd.DataFrame,
    pairs: pd.DataFrame,
    across: pd.DataFrame,
    runs: pd.DataFrame,
    sensitivity: pd.DataFrame,
    figures: Sequence[Path],
    problems: Sequence[str],
    missing: int,
    sweep: Mapping[str, Any] | None,
    folder: Path,
) -> str:
    """The page.

    Args:
        table: `comparison` of the runs that count.
        pairs: `pairwise` of the same.
        across: `across_workloads` of the table.
        runs: All of them, those that tuned or failed too.
        sensitivity: What tuning saw; may be empty.
        figures: PNG and SVG files; of two kinds of one figure, one is embedded.
        problems: Records that cannot be read.
        missing: How many planned runs have no record.
        sweep: The content of `sweep.json`, where there is one.
        folder: Where the page will lie, for its links.
    """
    parts = workloads(table)
    margins = {name: equivalence_margin(of) for name, of in runs.groupby("dataset", sort=False)}
    answers = [
        answer(title, rows, select_workload(pairs, rows), margins[rows["dataset"].iloc[0]]) for title, rows in parts
    ]
    # Whatever a name or an error holds, it is text here: everything is escaped.
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(
        title=f"Learning-rate schedules on {listed(sorted(set(runs['dataset'])))}",
        summary=_summary(runs),
        alerts=_alerts(runs, missing),
        overview=overview(answers),
        answers=answers,
        tables=[(title, _table(rows)) for title, rows in parts],
        across=_across(across),
        across_line=ranks_in_words(across),
        figures=_figures(figures, folder),
        grids=_grids(sensitivity),
        run_columns=RUN_COLUMNS,
        runs=_runs(runs, folder),
        failures=_failures(runs, folder),
        problems=problems,
        method=_method(runs, sweep),
        notes=list(dict.fromkeys(note for _, rows in parts for note in notes(rows))),
        columns=_columns([rows for _, rows in parts]),
        command=shlex.join(sweep["command"]) if sweep and sweep.get("command") else None,
        origin=_origin(runs, sweep),
    )


def _alerts(runs: pd.DataFrame, missing: int) -> list[str]:
    """What a reader must know before the first number."""
    said = []
    pairs = runs[runs["dataset"] != runs["dataset_requested"]][["dataset", "dataset_requested"]].drop_duplicates()
    for used, requested in pairs.itertuples(index=False):
        said.append(
            f"{used}, not {requested}: {requested} could not be had, and {used} stood in for it. Numbers on {used} say "
            f"nothing about {requested}."
        )
    if missing > 0:
        said.append(f"Not finished: {counted(missing, 'planned run')} without a record.")
    if interrupted := int((runs["status"] == "interrupted").sum()):
        said.append(f"Not finished: {counted(interrupted, 'run')} interrupted. The same command again goes on with it.")
    return said


def _summary(runs: pd.DataFrame) -> str:
    tuning = int(is_tuning(runs).sum())
    purpose = f": {tuning} to choose learning rates, {len(runs) - tuning} to compare" if tuning else ""
    finished = str(runs["finished_at"].max())[:16].replace("T", " ")
    return f"{counted(len(runs), 'run')}{purpose}. The last one ended at {finished} UTC."


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    """As people read it elsewhere, with what matters most next to the name: there it is in view on a telephone too."""
    text = readable(rows)
    first = [name for name in ("scheduler", "verdict", "test error %") if name in text]
    return text[[*first, *(name for name in text if name not in first)]]


def _across(across: pd.DataFrame) -> pd.DataFrame:
    """Mean ranks and profile areas, as people read them."""
    if across.empty:
        return across
    text = across[["scheduler"]].assign(**{"mean rank": across["mean_rank"].map("{:.2f}".format)})
    if across["profile_area"].notna().any():
        text["profile area"] = [number(area, ".3f") for area in across["profile_area"]]
    return text


# --- figures --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Picture:
    """A figure as a data URI, or, where the page has no room for it, as a link."""

    name: str
    caption: str
    source: str
    is_embedded: bool


def _figures(paths: Sequence[Path], folder: Path) -> list[Picture]:
    kinds: dict[str, dict[str, Path]] = {}
    for path in paths:
        kinds.setdefault(path.stem, {})[path.suffix] = path
    room = EMBEDDED
    pictures = []
    for name, found in kinds.items():
        path = _smaller(found)
        room -= path.stat().st_size
        source = _data_uri(path) if room >= 0 else _link(path, folder)
        pictures.append(Picture(name, _caption(name), source, is_embedded=room >= 0))
    return pictures


def _smaller(kinds: Mapping[str, Path]) -> Path:
    """The SVG, which is sharp at every size, unless it is large and there is a PNG."""
    svg, png = kinds.get(".svg"), kinds.get(".png")
    if svg is None or (png is not None and svg.stat().st_size > LARGE_SVG):
        return png or next(iter(kinds.values()))
    return svg


def _data_uri(path: Path) -> str:
    kind = "svg+xml" if path.suffix == ".svg" else "png"
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _caption(name: str) -> str:
    return next((text for stem, text in CAPTIONS.items() if name.startswith(stem)), name.replace("_", " "))


# --- learning rates -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    text: str
    mark: str = ""  # chosen, edge or lost


@dataclass(frozen=True)
class Grid:
    """Median validation losses of one workload, a line a schedule."""

    title: str
    lrs: list[str]
    lines: list[tuple[str, list[Cell], str]]


def _grids(sensitivity: pd.DataFrame) -> list[Grid]:
    if sensitivity.empty:
        return []
    return [_grid(rows) for _, rows in sensitivity.groupby(WORKLOAD, dropna=False, sort=False)]


def _grid(rows: pd.DataFrame) -> Grid:
    lrs = sorted(rows["lr"].unique())
    has_warmups = rows["warmup"].nunique() > 1
    lines = []
    for _, own in rows.groupby(GROUP, dropna=False, sort=False):
        first, choice = own.iloc[0], choose(own).iloc[0]
        losses = dict(zip(own["lr"], own["median_val_loss"], strict=True))
        name = f"{first['label']} warmup={first['warmup']:g}" if has_warmups else str(first["label"])
        lines.append((name, [_cell(lr, losses.get(lr), choice) for lr in lrs], _remark(choice)))
    return Grid(workload_title(rows.iloc[0]), [f"{lr:g}" for lr in lrs], lines)


def _cell(lr: float, loss: float | None, choice: pd.Series) -> Cell:
    if loss is None:
        return Cell("")
    if math.isinf(loss):
        return Cell("lost", "lost")
    if lr != choice["lr"]:
        return Cell(f"{loss:.4f}")
    return Cell(f"{loss:.4f}", "edge" if choice["edge"] else "chosen")


def _remark(choice: pd.Series) -> str:
    if pd.isna(choice["lr"]):
        return "no rate trains it"
    ends = {-1: "at the lower end: smaller ones may do better", 1: "at the upper end: larger ones may do better"}
    return ends.get(int(choice["edge"]), "inside the grid")


# --- runs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    cells: tuple[str, ...]
    status: str
    links: list[tuple[str, str]]


RUN_COLUMNS = ("scheduler", "for", "lr", "seed", "test error %", "val loss", "steps", "train s")


def _runs(runs: pd.DataFrame, folder: Path) -> list[tuple[str, list[Run]]]:
    """Every run, a list a workload."""
    needed = ["label", "read_test", "lr", "seed", "test_accuracy", "val_loss", "steps", "train_seconds"]
    listed = []
    for _, rows in runs.groupby(WORKLOAD, dropna=False, sort=False):
        picked = rows[[*needed, "status", "folder"]].to_dict("records")
        listed.append((workload_title(rows.iloc[0]), [_run(row, folder) for row in picked]))
    return listed


def _run(row: Mapping[Any, Any], folder: Path) -> Run:
    error = None if pd.isna(row["test_accuracy"]) else 100 * (1 - row["test_accuracy"])
    cells = (
        str(row["label"]),
        "comparing" if row["read_test"] else "tuning",
        number(row["lr"], "g"),
        str(row["seed"]),
        number(error, ".2f"),
        number(row["val_loss"], ".4f"),
        str(row["steps"]),
        number(row["train_seconds"], ".1f"),
    )
    return Run(cells, row["status"], _links(row["folder"], folder, RUN_FILES))


def _failures(runs: pd.DataFrame, folder: Path) -> list[dict[str, Any]]:
    """What did not complete, a line for all seeds that ended in the same way."""
    lost = runs[runs["status"] != "completed"]
    lost = lost.assign(line=[str(error or "").partition("\n")[0] if pd.notna(error) else "" for error in lost["error"]])
    lines = []
    for (status, label, lr, line), rows in lost.groupby(["status", "label", "lr", "line"], dropna=False, sort=False):
        shown = rows.head(SHOWN)
        links = [(str(row["seed"]), _link(Path(row["folder"]) / records.FILE, folder)) for _, row in shown.iterrows()]
        more = len(rows) - len(shown)
        lines.append(
            {"status": status, "label": label, "lr": number(lr, "g"), "error": line, "links": links, "more": more}
        )
    return lines


def _links(run: str, folder: Path, names: Iterable[str]) -> list[tuple[str, str]]:
    paths = [Path(run) / name for name in names]
    return [(path.name, _link(path, folder)) for path in paths if path.exists()]


def _link(path: Path, folder: Path) -> str:
    """Relative to the page, so that both can be moved together."""
    return quote(Path(os.path.relpath(path, folder)).as_posix())


# --- how it was done ------------------------------------------------------------------------------------------------


def _method(runs: pd.DataFrame, sweep: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    told = []
    protocol = (sweep or {}).get("protocol")
    if protocol:
        told += [(PROTOCOL.get(key, key), _value(value)) for key, value in protocol.items() if value != []]
    else:
        told += [
            ("Protocol", "none is recorded: schedules ran as they are configured"),
            ("Seeds", ranges(runs["seed"])),
        ]
    told += [("Data", line) for line in _data_lines(runs)]
    for name, of in runs.groupby("dataset", sort=False):
        margin = f"{name}: ± {100 * equivalence_margin(of):g} percentage points"
        told.append(("Margin below which differences do not matter", margin))
    told.append(("Precision", listed(sorted(set(runs["precision"].dropna().astype(str))))))
    return [(term, text) for term, text in told if text]


def _value(value: object) -> str:
    if isinstance(value, list) and value and all(isinstance(each, int) for each in value):
        return ranges(value)
    return listed(value) if isinstance(value, list) else str(value)


def _data_lines(runs: pd.DataFrame) -> list[str]:
    lines = []
    for name, rows in runs.groupby("dataset", sort=False):
        settings = rows["settings"].iloc[0]
        train, val, test = (settings[f"data.num_{part}"] for part in ("train", "val", "test"))
        line = f"{name}: {train - val} examples to train on, {val} to validate, {test} to test"
        if digests := sorted(set(rows["validation_examples"].dropna())):
            line += f"; the validation examples are the same in all runs (their hash: {digests[0]})"
        if len(digests) > 1:
            line = f"{line.partition(';')[0]}; {len(digests)} different validation sets, which makes them incomparable"
        lines.append(line)
    return lines


def _columns(parts: Sequence[pd.DataFrame]) -> list[tuple[str, str]]:
    """What every column of the tables means."""
    names = list(dict.fromkeys(str(name) for rows in parts for name in readable(rows)))
    told = [(name, COLUMNS.get("epochs to" if name.startswith("epochs to") else name, "")) for name in names]
    return [(name, text) for name, text in told if text]


def _origin(runs: pd.DataFrame, sweep: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """What code ran, with which packages, on what."""
    found = _provenances(runs)
    states = [*found, (sweep or {}).get("provenance") or {}]
    commits = sorted({_commit(state) for state in states if state.get("git_sha")})
    devices = runs["device"].dropna().value_counts(sort=False)
    told = [
        ("Planned", str((sweep or {}).get("planned_at") or "")),
        ("Commit", listed(commits) or "not known: outside a git checkout"),
        ("Device", listed([f"{device} ({counted(count, 'run')})" for device, count in devices.items()])),
        ("Python", listed(sorted({str(each["python"]) for each in found if "python" in each}))),
        ("Platform", listed(sorted({str(each["platform"]) for each in found if "platform" in each}))),
        ("Packages", listed(sorted({f"{name} {version}" for each in found for name, version in _packages(each)}))),
    ]
    return [(term, text) for term, text in told if text]


def _provenances(runs: pd.DataFrame) -> list[dict[str, Any]]:
    """Of one run for each device and commit: reading all records again would take long."""
    found = []
    for folder in runs.drop_duplicates(["device", "git_sha"])["folder"]:
        try:
            record = records.find_record(Path(folder))
        except records.RecordError:
            continue
        if record is not None:
            found.append(record.provenance)
    return found


def _packages(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    return list((provenance.get("packages") or {}).items())


def _commit(state: Mapping[str, Any]) -> str:
    return f"{state['git_sha']}{' with uncommitted changes' if state.get('git_dirty') else ''}"
