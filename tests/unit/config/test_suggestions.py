"""Keys and choices that do not exist, and what they may have been meant for."""

from __future__ import annotations

import pytest

from src.config.compose import composed, composing
from src.config.suggestions import choice_remedy, key_remedy, similar_keys
from src.errors import UsageError


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
