"""Rebuilds the folder of a published sweep from its runs.csv and curves.zip, and its figures and page from that."""

from __future__ import annotations

import functools
import os
import re
import shutil
import tempfile
import typing
import zipfile
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from src import layout
from src.analysis.figures.build import NAMES
from src.analysis.figures.save import KINDS
from src.analysis.report.answers import answers
from src.analysis.report.build import build_report
from src.analysis.report.page import render
from src.analysis.report.results import load_results
from src.analysis.series import read_series
from src.config.identity import config_hash, identity
from src.config.schema import Config
from src.files import replacing, write_text
from src.runs.record import TIME_UNITS, RunRecord, read_record, write_record
from tests.conftest import make_config

CURVES = "curves.zip"  # history.csv of evaluation runs, steps.csv of the first one of each schedule
TABLES = (
    layout.RUNS, layout.COMPARISON_CSV, layout.COMPARISON_MD, layout.COMPARISON_TEX, layout.PAIRWISE,
    layout.LR_SENSITIVITY, layout.COST_OF_WRONG_LR,
)  # fmt: skip
_METRICS = (
    "status", "config_hash", "validation_examples", "precision", "test_accuracy", "test_loss", "val_accuracy",
    "val_loss", "train_loss", "mean_val_accuracy", "best_val_accuracy", "best_val_epoch", "steps",
)  # fmt: skip
_PROCESSOR = re.compile(r"(?P<model>.*), (?P<num_cores>\d+) cores?, (?P<instruction_set>\w+)")
_DATE = (1980, 1, 1, 0, 0, 0)  # of the files in an archive, so that equal curves are an equal archive
_LINK_TO_RUN = re.compile(r'<a href="runs/[^"]*">([^<]*)</a>')


def pack_curves(published: Path, made_again: Path) -> None:
    """Packs the curves of runs that were made again, if their metrics are those that were published.

    Args:
        published: The folder of the published sweep.
        made_again: The folder of a sweep with its evaluation runs, in the same subfolders. Seeds under which some of
            them are missing are left out.

    Raises:
        ValueError: a metric differs.
    """
    rows = read_runs(published)
    evaluation = rows[rows["read_test"]].sort_values(["scheduler", "seed"])
    exists = [(made_again / _subfolder(row) / layout.RECORD).exists() for row in evaluation.to_dict("records")]
    evaluation = evaluation[evaluation.assign(exists=exists).groupby("seed")["exists"].transform("all")]
    with replacing(published / CURVES) as file, zipfile.ZipFile(file, "w") as archive:
        for row in evaluation.to_dict("records"):
            folder = made_again / _subfolder(row)
            _check_equal(row, read_record(folder / layout.RECORD))
            is_first = row["seed"] == evaluation["seed"].min()
            for name in (layout.HISTORY, layout.STEPS)[: 1 + is_first]:
                entry = zipfile.ZipInfo((_subfolder(row) / name).as_posix(), _DATE)
                archive.writestr(entry, (folder / name).read_bytes(), zipfile.ZIP_DEFLATED, 9)


def _check_equal(row: Mapping[Hashable, Any], record: RunRecord) -> None:
    for name in _METRICS:
        if row[name] != getattr(record, name):
            raise ValueError(f"{_subfolder(row)}: {name} was {row[name]!r} and is {getattr(record, name)!r} now")


def read_runs(published: Path) -> pd.DataFrame:
    """The rows of runs.csv; None where nothing was measured."""
    table = pd.read_csv(published / layout.RUNS)
    return table.astype(object).where(table.notna(), None)


def republish_report(published: Path) -> None:
    """Draws all figures and the page again.

    Raises:
        AssertionError: a table would differ from the published one.
    """
    published = published.resolve()
    with rebuilt(published) as folder:
        build_report([folder], folder)
        for name in TABLES:
            check_equal_tables(folder / name, published / name)
        for path in (folder / layout.FIGURES).iterdir():
            shutil.copyfile(path, published / layout.FIGURES / path.name)
        write_text(published / layout.REPORT, _page(folder))


def check_equal_tables(path: Path, published: Path) -> None:
    """Checks that two tables are equal, up to the order in which floats were added."""
    if path.suffix == ".csv":
        pd.testing.assert_frame_equal(pd.read_csv(path), pd.read_csv(published), rtol=1e-14)
    else:
        assert path.read_text() == published.read_text(), f"{path.name} differs from the published one"


def _page(folder: Path) -> str:
    """The page without links to the folders of runs, which are not published."""
    results = load_results([folder])
    results = replace(results, problems=[*results.problems, *read_series(results.evaluation).problems])
    shutil.rmtree(folder / "runs")
    page = render(results, answers(results), _figures(folder), folder)
    return _LINK_TO_RUN.sub(r"\1", page)


def _figures(folder: Path) -> list[Path]:
    """The figures in the order of the page."""
    files = (folder / layout.FIGURES / f"{name}.{kind}" for name in NAMES for kind in KINDS)
    return [path for path in files if path.exists()]


@contextmanager
def rebuilt(published: Path) -> Iterator[Path]:
    """The sweep's folder as a relative path, in the current directory for as long as the context lasts."""
    rows = read_runs(published)
    folder = Path(str(rows["folder"].iloc[0])[: -len(str(_subfolder(rows.iloc[0]))) - 1])
    with tempfile.TemporaryDirectory() as place, _working_directory(place):
        for row in rows.to_dict("records"):
            Path(row["folder"]).mkdir(parents=True)
            write_record(_record(row), Path(row["folder"]))
        with zipfile.ZipFile(published / CURVES) as archive:
            archive.extractall(folder)
        shutil.copyfile(published / layout.SWEEP, folder / layout.SWEEP)
        yield folder


@contextmanager
def _working_directory(folder: str) -> Iterator[None]:
    previous = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(previous)


def _subfolder(row: Mapping[Any, Any]) -> Path:
    """The folder of a run in that of its sweep."""
    _, _, subfolder = str(row["folder"]).partition("/runs/")
    return Path("runs", subfolder)


def _record(row: Mapping[Hashable, Any]) -> RunRecord:
    """The record of a published run."""
    config = _config(row)
    if config_hash(config) != row["config_hash"]:
        raise ValueError(f"{_subfolder(row)} has another config now: its defaults have changed")
    types = typing.get_type_hints(RunRecord)
    names = [field.name for field in fields(RunRecord) if field.name in row]
    values = {name: _as_type(types[name], row[name]) for name in names}
    return RunRecord(**values, config=identity(config), time_to=_time_to(row), provenance=_provenance(row))


def _config(row: Mapping[Hashable, Any]) -> Config:
    settings = {"epochs": row["epochs"], "optimizer.lr": row["lr"], "batch_size": row["batch_size"]}
    choices = {"data": row["dataset"], **{group: row[group] for group in ("model", "optimizer", "scheduler")}}
    values = {**choices, **settings, "seed": row["seed"], "read_test": str(row["read_test"]).lower()}
    return make_config(*(f"{key}={value}" for key, value in values.items()))


def _as_type(annotation: Any, value: Any) -> Any:
    """The value of a column in the type of the field: a column of integers with gaps has floats."""
    is_integer = value is not None and int in (annotation, *typing.get_args(annotation))
    return int(value) if is_integer and not isinstance(value, bool) else value


def _time_to(row: Mapping[Hashable, Any]) -> dict[str, dict[str, float] | None]:
    thresholds = [str(name).removeprefix("epoch_to_") for name in row if str(name).startswith("epoch_to_")]
    return {
        threshold: None
        if row[f"epoch_to_{threshold}"] is None
        else {unit: _as_type(int if unit != "seconds" else float, row[f"{unit}_to_{threshold}"]) for unit in TIME_UNITS}
        for threshold in thresholds
    }


def _provenance(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    names = ("device", "num_threads", "num_workers", "git_sha", "git_dirty")
    return {name: row[name] for name in names} | {"cpu": _processor(row["cpu"]), "packages": {"torch": row["torch"]}}


@functools.cache
def _processor(text: str) -> dict[str, Any]:
    match = _PROCESSOR.fullmatch(text)
    if match is None:
        raise ValueError(f"not a processor: {text}")
    return {**match.groupdict(), "num_cores": int(match["num_cores"])}
