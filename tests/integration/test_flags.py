"""Hydra's flags and settings on every entry point: they work, or are refused in one line before anything is written."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from src import train
from src.commands import lr_find, preview, report, speed, sweep
from tests.conftest import SMALL
from tests.integration.in_process import run_in_process

MAINS: dict[str, Callable[[], None]] = {
    "train": train.main,
    "sweep": sweep.main,
    "preview": preview.main,
    "lr_find": lr_find.main,
    "speed": speed.main,
    "report": report.main,
}
WITH_OVERRIDES = [name for name in MAINS if name != "report"]


def assert_refused(entry: str, arguments: list[str], message: str, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    refused = run_in_process(MAINS[entry], arguments, folder)
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert refused.stderr.startswith(f"error: {message}")
    assert refused.stderr.count("\n") == 1
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("entry", WITH_OVERRIDES)
@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("cosine", "cosine: must be key=value; did you mean scheduler=cosine?"),
        ("scheduler=null", "scheduler=null: choose one of adaptive"),
        ("model=null", "model=null: choose one of cnn"),
        ("hydra/launcher=null", "hydra/launcher=null: name a choice, or leave it out"),
        ("model=[mlp,lenet]", "model=[mlp,lenet]: a run has one model; choose one of cnn"),
        ("~averaging", "~averaging: a run has one averaging; choose one of ema, none, swa"),
        ("epochs=[1", "epochs=[1: cannot be parsed"),
        ("hydra.searchpath=[/nonexistent]", "hydra.searchpath=[/nonexistent]: /nonexistent: no such folder"),
    ],
)
def test_override_is_refused_by_every_entry_point(entry: str, override: str, message: str, tmp_path: Path) -> None:
    assert_refused(entry, ["data=digits", override], message, tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--multi-run scheduler=step", "--multi-run: unknown flag; did you mean --multirun?"),
        ("-m --config-name train", "--config-name train: not supported"),
        ("-cd nonexistent", "--config-dir nonexistent: no such folder"),
        ("--cfg job -cd nonexistent", "--config-dir nonexistent: no such folder"),
        ("--cfg job epochz=3", "epochz: unknown key; did you mean epochs?"),
        ("--cfg job seed=0,1", "seed=0,1: takes one value here"),
        ("--cfg job -p nope", "--package nope: no such part of the config"),
        ("--cfg job --resolve optimizer.lr=auto", "optimizer.lr=auto is found when a run starts"),
        ("scheduler=cosin --info", "scheduler=cosin: choose one of adaptive"),
        ("cosine --help", "cosine: must be key=value"),
        ("--run hydra.mode=MULTIRUN", "--run contradicts hydra.mode=MULTIRUN"),
        ("hydra.run.dir=", "hydra.run.dir=: results need a folder of their own"),
        ("hydra.run.dir=.", "hydra.run.dir=.: results need a folder of their own"),
        ("hydra.run.dir=${oc.env:PWD}/..", "hydra.run.dir="),
        ("-m hydra.sweep.dir= seed=0", "hydra.sweep.dir=: results need a folder of their own"),
        ("-m hydra.sweep.subdir= seed=0", "hydra.sweep.subdir: "),
        ("-m hydra/sweeper=optuna", "hydra/sweeper=optuna: choose one of basic"),
        ("-m optimizer.lr=interval(0,1)", "optimizer.lr=interval(0,1): an interval has no list of values"),
    ],
)
def test_training_refuses(arguments: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PWD", str(tmp_path / "inside"))
    assert_refused("train", [*SMALL, *arguments.split()], message, tmp_path)


@pytest.mark.parametrize(
    ("entry", "arguments", "message"),
    [
        ("lr_find", "suggest", "suggest: must be key=value; give suggest=VALUE"),
        ("lr_find", "out=", "out=: needs the name of a folder"),
        ("lr_find", "out=file/x", "out=file/x: cannot be written: Not a directory: file"),
        ("preview", "schedulers", "schedulers: must be key=value; give schedulers=VALUE"),
        ("preview", "out=", "out=: needs the name of a folder"),
        ("preview", "seconds=1e9 interval=second scheduler=cosine", "seconds=1e+09: one tick per second"),
        ("speed", "epochs=1,2", "epochs=1,2: takes one value here"),
        ("sweep", "hydra.sweeper.max_batch_size=2 --dry-run", "hydra.sweeper.max_batch_size=2: jobs are not"),
        ("sweep", "hydra.sweep.dir=. --dry-run", "hydra.sweep.dir=.: results need a folder of their own"),
        ("sweep", "hydra.sweep.subdir=same --dry-run", "outputs/sweeps/benchmark-"),
        ("sweep", "protocol=quick num_lrs=100000001", "num_lrs=100000001: must be an odd integer from 3 to 41"),
        ("sweep", "protocol=quick hydra.sweep.dir=", "hydra.sweep.dir=: results need a folder of their own"),
    ],
)
def test_script_refuses(entry: str, arguments: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert_refused(entry, ["data=digits", *arguments.split()], message, tmp_path)


def test_report_refuses_an_output_folder_without_a_name(tmp_path: Path) -> None:
    assert_refused("report", [".", "out="], "out=: needs the name of a folder", tmp_path)


@pytest.mark.parametrize("entry", [name for name in MAINS if name != "train"])
def test_unknown_flag_of_a_script_is_refused(entry: str, tmp_path: Path) -> None:
    assert_refused(entry, ["--nope", "x=1"], "unrecognized arguments: --nope; --help lists the options", tmp_path)


class Dangerous:
    """An object whose pickle runs code when it is loaded."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return print, ("the pickle was loaded",)


def test_rerun_of_a_pickle_is_refused_without_reading_it(tmp_path: Path) -> None:
    (tmp_path / "config.pickle").write_bytes(pickle.dumps(Dangerous()))
    refused = run_in_process(train.main, ["--experimental-rerun", "config.pickle"], tmp_path)
    assert refused.returncode == 2
    assert "the pickle was loaded" not in refused.stdout
    assert refused.stderr.startswith("error: --experimental-rerun config.pickle: not supported: the file is a pickle")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("--version", "Hydra 1.3"),
        ("--hydra-help", "--multirun,-m"),
        ("-h scheduler=step", "name: step"),
        ("-c job -p scheduler scheduler=step --resolve", "# @package scheduler\nname: step\n"),
        ("--cfg hydra", "sweeper:"),
        ("--cfg all -p hydra.run.dir --resolve seed=3", "/seed=3\n"),
        ("--info defaults-tree", "scheduler: constant"),
        ("--info searchpath -cd .", "command-line"),
    ],
)
def test_flags_that_print(arguments: str, text: str, tmp_path: Path) -> None:
    done = run_in_process(train.main, arguments.split(), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert text in done.stdout
    assert list(tmp_path.iterdir()) == []


def finished_jobs(folder: Path) -> set[tuple[str, str]]:
    """Schedule and seed of every job of the only sweep, which all ran and ended in tables."""
    (path,) = folder.glob("outputs/sweeps/*/sweep.json")
    assert (path.parent / "comparison.csv").exists()
    folders = [Path(job["folder"]) for job in json.loads(path.read_text())["jobs"]]
    assert all((path.parent / run / "result.json").exists() for run in folders)
    return {(run.parts[4], run.name) for run in folders}


@pytest.mark.parametrize(
    "arguments",
    [
        ["-cd", "mine", "+sweep=seeds"],
        ["-m", '+hydra.sweeper.params={seed:"0,1"}', "scheduler=step"],
    ],
    ids=" ".join,
)
def test_values_of_a_sweep_may_come_from_anywhere(arguments: list[str], tmp_path: Path) -> None:
    config = tmp_path / "mine" / "sweep" / "seeds.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("# @package _global_\nhydra: {mode: MULTIRUN, sweeper: {params: {seed: '0,1', scheduler: step}}}")
    done = run_in_process(train.main, [*SMALL, "epochs=1", *arguments], tmp_path)
    assert done.returncode == 0, done.stderr
    assert finished_jobs(tmp_path) == {("step", "seed=0"), ("step", "seed=1")}


def test_foreign_sweeper_is_refused_by_its_name(tmp_path: Path) -> None:
    config = tmp_path / "mine" / "hydra" / "sweeper" / "foreign.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("_target_: hydra_plugins.optuna.OptunaSweeper\nn_trials: 20\n")
    arguments = [*SMALL, "-m", "-cd", "mine", "hydra/sweeper=foreign"]
    assert_refused("train", arguments, "hydra/sweeper: OptunaSweeper cannot run here", tmp_path)
