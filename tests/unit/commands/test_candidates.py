"""What command lines can go on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from src import cli, train
from src.commands.candidates import FLAGS, KEYS, candidates
from src.config.override_checks import OF_PROTOCOLS
from src.sweeps.command import KEYS as SWEEP_KEYS


def complete(line: str) -> list[str]:
    return candidates(line.split(" "))


def test_every_command_and_its_own_keys_are_completed() -> None:
    assert list(FLAGS) == list(cli.COMMANDS)
    assert set(KEYS["train"]) == set(train.KEYS)
    assert {*KEYS["sweep"], *OF_PROTOCOLS} == set(SWEEP_KEYS)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("schedbench sw", ["sweep "]),
        ("schedbench train --dry", []),
        ("schedbench sweep --dry", ["--dry-run "]),
        ("schedbench completion z", ["zsh "]),
        ("schedbench nothing x", []),
        ("python -m src.train scheduler=cosine_", ["scheduler=cosine_cycles ", "scheduler=cosine_restarts "]),
        ("python -m src.train -m scheduler=rex,con", ["scheduler=rex,constant"]),
        ("python scripts/sweep.py schedulers=[step,st", []),
        ("python scripts/sweep.py schedulers=ste", []),
        ("python scripts/sweep.py 'schedulers=[ste", ["schedulers=[step"]),
        ("python scripts/sweep.py protocol=q", ["protocol=quick "]),
        ("python scripts/sweep.py tuning", []),
        ("python scripts/sweep.py protocol=quick tuning", ["tuning_seeds="]),
        ("python scripts/sweep.py hydra/launcher=j", ["hydra/launcher=joblib "]),
        ("python /repository/scripts/lr_find.py mi", ["min_lr="]),
        ("schedbench train optimizer.l", ["optimizer.lr="]),
        ("schedbench train optimizer.b", []),
        ("schedbench train lr_r", []),
        ("schedbench train optimizer=adam optimizer.b", ["optimizer.betas="]),
        ("schedbench sweep optimizer=adam,sgd optimizer.b", ["optimizer.betas="]),
        ("schedbench sweep protocol=quick optimizer=adam optimizer.b", ["optimizer.betas="]),
        ("schedbench train optimizer=wrong optimizer.l", ["optimizer.lr="]),
        ("schedbench train optimizer.lr.x", []),
        ("schedbench train opt", ["optimizer=", "optimizer."]),
        ("schedbench train trainer.deterministic=", ["trainer.deterministic=true ", "trainer.deterministic=false "]),
        ("schedbench train trainer.precision=b", ["trainer.precision=bf16 "]),
        ("schedbench train +", ["+callbacks="]),
        ("schedbench train +callbacks=m", ["+callbacks=mlflow "]),
        ("schedbench report ref", ["reference="]),
    ],
)  # fmt: skip
def test_word_is_completed(line: str, words: list[str]) -> None:
    assert complete(line) == words


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("conf/scheduler/costly", "mine/scheduler/cosy", "mine/experiment/pair"):
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(f"name: {path.stem}\nteeth: 3\n")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("lab")
def test_folders_are_completed_and_choices_in_them_found() -> None:
    assert complete("schedbench report m") == ["mine/"]
    assert complete("schedbench train -cd m") == ["mine/"]
    assert complete("schedbench train scheduler=cost") == ["scheduler=costly "]
    assert complete("schedbench train scheduler=cosy") == []
    assert complete("schedbench train -cd mine scheduler=cosy") == ["scheduler=cosy "]
    assert complete("schedbench train -cd mine scheduler=cosy scheduler.t") == ["scheduler.teeth="]
    assert complete("schedbench sweep -cd mine experiment=p") == ["experiment=pair "]
