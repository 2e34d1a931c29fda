"""`-cd DIR` on every script."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from src import train
from src.config import CONF
from tests.integration.in_process import run_in_process
from tests.integration.scripts import run_script


@pytest.mark.parametrize("name", ["sweep", "preview", "lr_find", "speed"])
def test_missing_folder_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run_script(name, tmp_path, capsys, "data=digits", "-cd", "nowhere")
    assert (done.returncode, done.stderr) == (2, "error: --config-dir nowhere: no such folder\n")


@pytest.mark.parametrize(("name", "flag"), [("sweep", "--dry-run"), ("preview", "--terminal")])
def test_choices_in_the_folder_are_found(
    name: str, flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine" / "scheduler").mkdir(parents=True)
    text = (CONF / "scheduler" / "step.yaml").read_text().replace("name: step", "name: own")
    (tmp_path / "mine" / "scheduler" / "own.yaml").write_text(text)
    done = run_script(name, tmp_path, capsys, flag, "schedulers=[own]", "data=digits", "-cd", "mine")
    assert done.returncode == 0, done.stderr
    assert "own" in done.stdout


@pytest.fixture
def presets(tmp_path: Path) -> Path:
    """A working folder with an experiment and a protocol in its folder `mine`."""
    for group, text in (
        ("experiment", "name: pair\nschedulers: [step, cosine]\nseeds: [3]\noverrides: [model=softmax]\n"),
        ("protocol", (CONF / "protocol" / "quick.yaml").read_text().replace("name: quick", "name: pair")),
    ):
        (tmp_path / "mine" / group).mkdir(parents=True)
        (tmp_path / "mine" / group / "pair.yaml").write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "plan"),
    [
        (["experiment=pair"], "2 jobs in outputs/sweeps/pair-"),
        (["protocol=pair", "model=softmax"], "protocol=pair in outputs/sweeps/pair-digits-softmax-"),
    ],
)
def test_sweep_finds_presets_in_the_folder(
    arguments: list[str], plan: str, presets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run_script("sweep", presets, capsys, *arguments, "-cd", "mine", "data=digits", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(plan)


@pytest.mark.parametrize(
    ("argument", "choices"),
    [("experiment=nope", "benchmark, pair"), ("protocol=nope", "all_schedules, pair, quick, standard, strict")],
)
def test_unknown_preset_is_refused_with_those_in_the_folder(
    argument: str, choices: str, presets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run_script("sweep", presets, capsys, argument, "-cd", "mine", "--dry-run")
    assert (done.returncode, done.stderr) == (2, f"error: {argument}: choose one of {choices}\n")


@pytest.mark.parametrize("place", [["-cd", "mine"], ["hydra.searchpath=[file://mine]"]])
def test_single_run_finds_an_experiment_in_the_folder(place: list[str], presets: Path) -> None:
    arguments = ["experiment=pair", "scheduler=step", *place, "--cfg", "job", "-p", "model"]
    done = run_in_process(train.main, arguments, presets)
    assert done.returncode == 0, done.stderr
    assert "name: softmax" in done.stdout


def test_multirun_of_an_experiment_in_the_folder_is_refused_with_the_command(
    presets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["-m", "experiment=pair", "-cd", "mine"]
    monkeypatch.setattr(sys, "orig_argv", ["python", "/venv/bin/schedbench", "train", *arguments])
    done = run_in_process(train.main, arguments, presets)
    message = "experiment=pair: -m does not take it; run all with schedbench sweep experiment=pair -cd mine"
    assert (done.returncode, done.stderr) == (2, f"error: {message}\n")
