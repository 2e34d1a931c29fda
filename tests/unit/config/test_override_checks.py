"""Overrides that Hydra would accept without a word, or refuse without a remedy."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from src.config.compose import composed, composing, parsed
from src.config.override_checks import OF_PROTOCOLS
from src.errors import UsageError
from src.sweeps.protocol import FIELDS


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("cosine", "cosine: must be key=value; did you mean scheduler=cosine?"),
        ("cosin", "cosin: must be key=value; did you mean scheduler=cosine?"),
        ("swa", "swa: must be key=value; did you mean averaging=swa or scheduler=swa?"),
        ("quick", "quick: must be key=value; did you mean protocol=quick?"),
        ("suggest", "suggest: must be key=value; give suggest=VALUE"),
        ("10", "10: must be key=value; for example epochs=10"),
        ("+epochs", "+epochs: must be key=value; for example epochs=10"),
        ("", "'': must be key=value; for example epochs=10"),
    ],
)
def test_stray_word_is_refused_with_what_it_may_mean(word: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        parsed(["epochs=1", word])
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lrs={step: 0.1}", "only a sweep takes it, as in schedbench sweep 'schedulers=[step,cosine]' 'lrs="),
        ("+protocol=quick", "only a sweep takes it, as in schedbench sweep protocol=quick"),
        ("experiment=benchmark", "only schedbench train and schedbench sweep take it"),
        ("+experiment=benchmark", "write experiment=benchmark"),
        ("num_lrs=5", "only a protocol has it, as in schedbench sweep protocol=quick num_lrs=..."),
    ],
)
def test_what_another_command_takes_is_refused_with_that_command(
    line: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["schedbench train", line])
    monkeypatch.setattr(sys, "orig_argv", ["python", "/venv/bin/schedbench", "train", line])
    with composing(), pytest.raises(UsageError) as error:
        composed([line])
    assert str(error.value).startswith(f"{line}: {message}")


def test_every_field_of_a_protocol_is_known_to_be_one() -> None:
    assert {*OF_PROTOCOLS, "schedulers", "reference"} == set(FIELDS)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("hydra/launcher=null", "hydra/launcher=null: name a choice, or leave it out"),
        ("hydra.launcher=null", "hydra.launcher=null: name a choice, or leave it out"),
        ("optimizer.lr=interval(0,1)", "an interval has no list of values; give one, as in optimizer.lr=0.1,0.03"),
        ("hydra.sweeper.params={seed:1}", "only `python -m src.train -m` takes hydra.sweeper.params"),
        ("+hydra.sweeper.params.seed=1", "only `python -m src.train -m` takes hydra.sweeper.params"),
        ("hydra.searchpath=[file:///nonexistent]", "file:///nonexistent: no such folder"),
        ("hydra.searchpath=[pkg://numpy,/nonexistent]", "/nonexistent: no such folder"),
        ("epochs=[1", "epochs=[1: cannot be parsed; close every bracket"),
        ("name=a:b:{", "name=a:b:{: cannot be parsed; close every bracket, and quote a text"),
    ],
)
def test_override_is_refused_with_a_remedy(line: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        parsed([line])
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("folder", ["{}", "file://{}"])
def test_folders_of_the_search_path_may_have_both_notations(folder: str, tmp_path: Path) -> None:
    parsed([f"hydra.searchpath=[{folder.format(tmp_path)}]"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("scheduler=[step,cosine]", r"^scheduler=\[step,cosine\]: a run has one scheduler; choose one of adaptive"),
        ("~model", "^~model: a run has one model; choose one of cnn, lenet"),
        ("seed=0,1", r"^seed=0,1: takes one value here; a list is key=\[a,b\]$"),
        ("seed=range(0,3)", r"^seed=range\(0,3\): takes one value here"),
    ],
)
def test_config_of_a_run_takes_one_value_per_key(line: str, message: str) -> None:
    with composing(), pytest.raises(UsageError, match=message):
        composed([line])


@pytest.fixture
def own_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The override that names a folder with choices of the user's; others are in the working folder's conf."""
    for name in ("conf/callbacks/norm", "elsewhere/callbacks/clock", "elsewhere/scheduler/zigzag"):
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(f"{path.stem}: {{_target_: my.Callback}}\n")
    monkeypatch.chdir(tmp_path)
    return f"hydra.searchpath=['file://{tmp_path / 'elsewhere'}']"


def test_run_takes_a_list_of_callbacks_also_of_the_users_own(own_choices: str) -> None:
    lines = [own_choices, "+callbacks=[mlflow,wandb,norm,clock]"]
    parsed(lines)
    with composing():
        assert set(composed(lines).callbacks) == {"mlflow", "wandb", "norm", "clock"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("+callbacks=[mlflow,clok]", "+callbacks=clok: choose one of clock, mlflow, norm, wandb; did you mean clock?"),
        ("+callbacks=csv", "+callbacks=csv: choose one of clock, mlflow, norm, wandb"),
        ("+callbacks=[3]", "+callbacks=[3]: choose one of clock, mlflow, norm, wandb"),
        (
            "callbacks=[mlflow,wandb]",
            "callbacks=[mlflow,wandb]: the config has no callbacks to replace; write +callbacks",
        ),
        ("~callbacks", "~callbacks: the config has no callbacks to remove; leave it out"),
    ],
)
def test_wrong_callbacks_are_refused_with_those_that_there_are(line: str, message: str, own_choices: str) -> None:
    with composing(), pytest.raises(UsageError) as error:
        composed([str(override.input_line) for override in parsed([own_choices, line])])
    assert str(error.value).startswith(message)


def test_list_of_schedules_is_refused_with_the_users_own_among_them(own_choices: str) -> None:
    with pytest.raises(UsageError, match=r"a run has one scheduler; choose one of .*, wsd, zigzag$"):
        parsed([own_choices, "scheduler=[step,cosine]"])


def test_built_in_exceptions_of_hydra_become_one_line() -> None:
    with composing(), pytest.raises(UsageError, match=r"^hydra\.sweeper\.params=\{seed:1\}: 'None") as error:
        composed(["hydra.sweeper.params={seed:1}"])
    assert "\n" not in str(error.value)
