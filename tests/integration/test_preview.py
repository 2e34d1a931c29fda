"""The preview as a user starts it; it draws the lr that training uses."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

from scripts.preview import headline, main, trace_all
from tests.conftest import ROOT, SMALL, Command
from tests.integration.test_train import TRAIN
from tests.unit.schedules.conftest import NAMES

PREVIEW = str(ROOT / "scripts" / "preview.py")
MINE = """
from torch.optim.lr_scheduler import ExponentialLR
class MyLR(ExponentialLR):
    pass
"""


def test_it_draws_the_lr_that_training_uses(command: Command, tmp_path: Path) -> None:
    overrides = [*SMALL, "warmup=3"]
    done = command(PREVIEW, *overrides, "scheduler=one_cycle,swa", "out=here")
    assert (done.returncode, done.stderr) == (0, "")
    assert all((tmp_path / "here" / name).exists() for name in ("schedules.png", "schedules.svg", "lr_curves.csv"))
    drawn = pd.read_csv(tmp_path / "here" / "lr_curves.csv")
    assert list(drawn["scheduler"].unique()) == ["one_cycle", "swa"]
    run = command(*TRAIN, *overrides, "scheduler=one_cycle", "hydra.run.dir=run")
    assert run.returncode == 0, run.stderr
    trained = pd.read_csv(tmp_path / "run" / "steps.csv")
    assert drawn[drawn["scheduler"] == "one_cycle"]["lr"].tolist() == trained["lr"].tolist()


def run_main(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["preview.py", *arguments])
    monkeypatch.setattr(sys, "path", list(sys.path))
    main()


def test_the_terminal_alone_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_main(monkeypatch, tmp_path, "--terminal", "batch_size=5000")
    out = capsys.readouterr().out
    assert all(f" {name} " in out for name in NAMES)
    assert "5 epochs of mnist (55 updates), peak 0.05" in out
    assert list(tmp_path.iterdir()) == []


def test_a_class_of_the_users_own_is_drawn_by_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "preview_mine.py").write_text(MINE)
    target = "scheduler._target_=preview_mine.MyLR"
    run_main(monkeypatch, tmp_path, target, "+scheduler.gamma=0.5", "interval=epoch", "batch_size=5000", "epochs=2")
    assert "MyLR" in capsys.readouterr().out
    rows = pd.read_csv(tmp_path / "outputs" / "preview" / "lr_curves.csv")
    assert list(rows["scheduler"].unique()) == ["MyLR"]
    assert rows["lr"].tolist() == [0.05] * 11 + [0.025] * 11


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scheduler=cosin"], f"scheduler=cosin: choose one of {', '.join(NAMES)}"),
        (["epochs=0"], "epochs=0: must be a whole number from 1"),
        (["epoch=3"], "epoch: unknown key; --cfg job lists the known ones"),
        (
            ["scheduler=one_cycle", "optimizer=adagrad"],
            "scheduler.cycle_momentum=true: optimizer=adagrad has no momentum",
        ),
        (["scheduler=cosine", "batch_size=5000", "out=a_file/x"], "out=a_file/x: cannot be written: Not a directory"),
    ],
)
def test_a_refusal_is_one_line(
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "a_file").write_text("")
    with pytest.raises(SystemExit) as ended:
        run_main(monkeypatch, tmp_path, *arguments)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {message}")
    assert said.count("\n") == 1


def test_of_all_schedules_those_that_do_not_fit_are_left_out_by_name() -> None:
    traced, refusals = trace_all(["interval=second", "seconds=60", "batch_size=5000"])
    assert sorted(refusals) == ["adaptive", "plateau"]
    assert [curve.scheduler for _, curve in traced] == [name for name in NAMES if name not in refusals]
    assert {(curve.length, curve.unit) for _, curve in traced} == {(60.0, "second")}
    assert headline([config for config, _ in traced]) == "Learning rate over 60 seconds, peak 0.05"


def test_a_peak_that_is_to_be_found_is_drawn_as_one() -> None:
    traced, _ = trace_all(["scheduler=linear,cyclic", "optimizer.lr=auto", "warmup=0.5", "epochs=1", "batch_size=5000"])
    assert [curve.peak for _, curve in traced] == [1.0, 1.0]
    parts = "Learning rate over 1 epoch of mnist (11 updates), optimizer.lr=auto, drawn as 1, warmup 0.5"
    assert headline([config for config, _ in traced]) == parts
