"""Short names of runs for TensorBoard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src import layout
from src.analysis.run_links import RunLinks, path_parts

RUNS = "digits/softmax/sgd"


@pytest.fixture
def links(tmp_path: Path) -> RunLinks:
    (tmp_path / "links").mkdir()
    return RunLinks(tmp_path / "outputs", tmp_path / "links")


def write_events(folder: Path, name: str = "events.out.tfevents.1.host") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(folder.name)


def names(links: RunLinks, folder: Path) -> set[str]:
    links.update()
    return {path.name for path in (folder / "links").iterdir()}


def test_settings_are_parts_without_their_group() -> None:
    path = Path("sweeps/first/runs/cosine/epochs=3,optimizer.lr=0.05,read_test=false/seed=1")
    assert path_parts(path) == ["first", "runs", "cosine", "epochs=3", "lr=0.05", "tuning", "seed=1"]
    assert path_parts(Path("step/default/seed=0")) == ["step", "seed=0"]


def test_names_say_what_differs(links: RunLinks, tmp_path: Path) -> None:
    for scheduler, lr in (("step", "0.1"), ("cosine", "0.1"), ("cosine", "0.5")):
        write_events(tmp_path / "outputs" / "runs" / RUNS / scheduler / f"epochs=3,optimizer.lr={lr}" / "seed=0")
    assert names(links, tmp_path) == {"step lr=0.1", "cosine lr=0.1", "cosine lr=0.5"}
    (link,) = (tmp_path / "links" / "cosine lr=0.5").iterdir()
    assert link.read_text() == "seed=0"


def test_planned_runs_count_before_they_start_and_names_stay(links: RunLinks, tmp_path: Path) -> None:
    folders = [f"runs/{RUNS}/{scheduler}/default/seed={seed}" for scheduler in ("step", "cosine") for seed in (0, 1)]
    write_events(tmp_path / "outputs" / folders[0])
    (tmp_path / "outputs" / layout.SWEEP).write_text(json.dumps({"jobs": [{"folder": name} for name in folders]}))
    assert names(links, tmp_path) == {"step seed=0"}
    write_events(tmp_path / "outputs" / folders[-1])
    assert names(links, tmp_path) == {"step seed=0", "cosine seed=1"}


def test_report_is_a_run_of_its_own(links: RunLinks, tmp_path: Path) -> None:
    write_events(tmp_path / "outputs" / "sweeps" / "first", layout.FIGURE_EVENTS)
    write_events(tmp_path / "outputs" / "sweeps" / "first" / "runs" / RUNS / "step" / "default" / "seed=0")
    write_events(tmp_path / "outputs" / "runs" / RUNS / "step" / "default" / "seed=0")
    assert names(links, tmp_path) == {"first report", "first", "seed=0"}


def test_equal_names_are_numbered(links: RunLinks, tmp_path: Path) -> None:
    for name in ("a.lr=1", "b.lr=1", "lr=2"):
        write_events(tmp_path / "outputs" / name)
    assert names(links, tmp_path) == {"lr=1", "lr=1 2", "lr=2"}
