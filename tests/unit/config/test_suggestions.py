"""Keys and choices that do not exist, and what they may have been meant for."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.config.compose import composed, composing
from src.config.suggestions import choice_remedy, key_remedy, remedy_among, similar_keys, suggesting_also
from src.errors import UsageError
from tests.integration.in_process import run_in_process
from tests.integration.test_flags import MAINS


@pytest.mark.parametrize(
    ("override", "suggestion"),
    [
        ("lr=0.1", "did you mean optimizer.lr?"),
        ("epoch=3", "did you mean epochs?"),
        ("schedular=step", "did you mean scheduler?"),
        ("momentum=0.9", "did you mean optimizer.momentum?"),
        ("scheduler.gama=0.5", "did you mean scheduler.gamma?"),
        ("precison=bf16", "did you mean trainer.precision?"),
        ("optim.lr=0.1", "did you mean optimizer.lr?"),
        ("seeds=[0,1]", "did you mean seed?"),
        ("scheduler.warmup=3", "did you mean warmup?"),
        ("data.epoch=3", "did you mean epochs?"),
        ("model.width=3", "the keys of model are name, _target_, init, num_classes"),
        ("callbacks.wandb.mode=offline", "add +callbacks=wandb"),
        ("xyz=1", "--cfg job lists the known ones"),
    ],
)
def test_unknown_key_is_refused_with_the_key_that_was_meant(override: str, suggestion: str) -> None:
    with composing(), pytest.raises(UsageError) as error:
        composed(["scheduler=step", override])
    assert str(error.value) == f"{override.partition('=')[0]}: unknown key; {suggestion}"


def test_unknown_choice_is_refused_with_the_choice_that_was_meant() -> None:
    with composing(), pytest.raises(UsageError, match=r"^scheduler=cosin: choose one of .*; did you mean cosine\?$"):
        composed(["scheduler=cosin"])


def test_choice_that_resembles_none_gets_no_suggestion() -> None:
    assert choice_remedy("xyz", ["step", "cosine"]) == "choose one of step, cosine"


def test_name_in_several_groups_suggests_all() -> None:
    assert similar_keys("decay", ["averaging.decay", "optimizer.decay", "decays"]) == [
        "averaging.decay",
        "optimizer.decay",
    ]


def test_key_without_a_config_is_looked_up_by_the_user() -> None:
    assert key_remedy("lr", None) == "--cfg job lists the known ones"


def test_key_of_the_config_itself_goes_before_those_of_its_groups() -> None:
    assert similar_keys("nme", ["data.name", "model.name", "name"]) == ["name"]


@pytest.mark.parametrize(
    ("override", "remedy"),
    [
        ("~keyy", "--cfg job lists the known ones"),
        ("~lr", "did you mean ~optimizer.lr?"),
        ("~optimizer.momentun", "did you mean ~optimizer.momentum?"),
        ("~scheduler.gama", "did you mean ~scheduler.gamma?"),
    ],
)
def test_unknown_key_is_not_removed_and_the_one_that_was_meant_is_suggested(override: str, remedy: str) -> None:
    with composing(), pytest.raises(UsageError) as error:
        composed([override])
    assert str(error.value) == f"{override}: unknown key; {remedy}"


def test_choice_of_a_group_that_is_not_in_the_config_is_added() -> None:
    with composing(), pytest.raises(UsageError) as error:
        composed(["callbacks=mlflow"])
    message = "callbacks=mlflow: the config has no callbacks to replace; write +callbacks=mlflow to add it"
    assert str(error.value) == message


def test_keys_of_the_command_are_suggested_while_it_runs() -> None:
    with suggesting_also(["schedulers", "seeds"]):
        assert remedy_among("schedulrs", ["scheduler"]) == "did you mean schedulers?"
        assert remedy_among("sceduler", ["scheduler"]) == "did you mean scheduler?"
    assert remedy_among("schedulrs", ["scheduler"]) == "did you mean scheduler?"


@pytest.mark.parametrize(
    ("entry", "argument", "key"),
    [
        ("sweep", "schedulrs=[step]", "schedulers"),
        ("sweep", "sceduler=step,cosine", "scheduler"),
        ("sweep", "protocl=quick", "protocol"),
        ("sweep", "budget=[1]", "budgets"),
        ("sweep", "referense=cosine", "reference"),
        ("preview", "schedulrs=[step]", "schedulers"),
        ("lr_find", "sugest=valley", "suggest"),
        ("train", "expriment=benchmark", "experiment"),
        ("train", "+lr=0.1", "optimizer.lr"),
    ],
)
def test_misspelled_key_of_a_command_is_refused_in_one_line(
    entry: str, argument: str, key: str, tmp_path: Path
) -> None:
    done = run_in_process(MAINS[entry], ["data=digits", argument], tmp_path)
    assert done.returncode == 2
    assert done.stderr.endswith(f": unknown key; did you mean {key}?\n")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
