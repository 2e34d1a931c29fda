"""`scripts/preview.py` as a user runs it; it draws the lr that training uses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from src.runs.run import run
from tests.conftest import ROOT, SMALL, small_config, start
from tests.integration.scripts import run_script
from tests.unit.schedules.conftest import NAMES

USER_MODULE = """
from torch.optim.lr_scheduler import ExponentialLR
class MyLR(ExponentialLR):
    pass
"""


def test_preview_draws_the_lr_that_training_uses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run_script("preview", tmp_path, capsys, *SMALL, "warmup=3", "scheduler=one_cycle,swa", "out=here")
    assert (done.returncode, done.stderr) == (0, "")
    assert all((tmp_path / "here" / name).exists() for name in ("schedules.png", "schedules.svg", "lr_curves.csv"))
    previews = pd.read_csv(tmp_path / "here" / "lr_curves.csv")
    assert list(previews["scheduler"].unique()) == ["one_cycle", "swa"]
    run(small_config("warmup=3", "scheduler=one_cycle"), tmp_path / "run", show="nothing")
    trained = pd.read_csv(tmp_path / "run" / "steps.csv")
    assert previews[previews["scheduler"] == "one_cycle"]["lr"].tolist() == trained["lr"].tolist()


def test_script_uses_the_code_beside_it_whatever_is_installed(tmp_path: Path) -> None:
    for folder in ("conf", "scripts", "src"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    step = tmp_path / "conf" / "scheduler" / "step.yaml"
    step.write_text(step.read_text().replace("gamma: 0.1", "gamma: 0.5"))
    process = start([str(tmp_path / "scripts" / "preview.py"), "--terminal", "scheduler=step"], tmp_path / "src")
    out, _ = process.communicate()
    assert out.split()[-3:] == ["0.05", "0.05", "0.0125"]  # two drops


def test_terminal_option_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = run_script("preview", tmp_path, capsys, "--terminal", "batch_size=5000").stdout
    assert all(f" {name} " in out for name in NAMES)
    assert "5 epochs of mnist (55 updates), peak 0.05" in out
    assert list(tmp_path.iterdir()) == []


def test_user_class_is_drawn_under_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "preview_user_module.py").write_text(USER_MODULE)
    overrides = ["+scheduler.gamma=0.5", "interval=epoch", "batch_size=5000", "epochs=2"]
    done = run_script("preview", tmp_path, capsys, "scheduler._target_=preview_user_module.MyLR", *overrides)
    assert "MyLR" in done.stdout
    rows = pd.read_csv(tmp_path / "outputs" / "preview" / "lr_curves.csv")
    assert list(rows["scheduler"].unique()) == ["MyLR"]
    assert rows["lr"].tolist() == [0.05] * 11 + [0.025] * 11


def test_schedules_that_do_not_fit_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run_script("preview", tmp_path, capsys, "--terminal", "interval=second", "seconds=60", "batch_size=5000")
    assert done.returncode == 0
    assert [line.split(":")[:2] for line in done.stderr.splitlines()] == [
        ["Left out", " adaptive"], ["Left out", " plateau"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scheduler=cosin"], f"scheduler=cosin: choose one of {', '.join(NAMES)}"),
        (["epochs=0"], "epochs=0: must be a positive integer"),
        (["epoch=3"], "epoch: unknown key; did you mean epochs?"),
        (
            ["scheduler=one_cycle", "optimizer=adagrad"],
            "scheduler.cycle_momentum=true: optimizer=adagrad has no momentum",
        ),
        (["scheduler=cosine", "batch_size=5000", "out=a_file/x"], "out=a_file/x: cannot be written: Not a directory"),
    ],
)
def test_invalid_input_ends_in_one_line(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a_file").write_text("")
    done = run_script("preview", tmp_path, capsys, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1
