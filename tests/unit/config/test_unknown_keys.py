"""Keys that no run has, added by `+key=value` or by a file."""

from __future__ import annotations

import pytest

from src.config.compose import composed, composing, load_config
from src.errors import UsageError


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("+lr=0.1", "lr=0.1: unknown key; did you mean optimizer.lr?"),
        ("++lr=0.1", "lr=0.1: unknown key; did you mean optimizer.lr?"),
        ("+optimizr.lr=null", "optimizr.lr=null: unknown key; did you mean optimizer.lr?"),
        ("+trainer.precison=bf16", "trainer.precison=bf16: unknown key; did you mean trainer.precision?"),
        ("+data.nam=x", "data.nam=x: unknown key; did you mean data.name?"),
        ("+xyz={a: {}}", "xyz.a={}: unknown key; --cfg job lists the known ones"),
    ],
)
def test_added_key_is_refused_with_the_key_that_was_meant(override: str, message: str) -> None:
    with composing(), pytest.raises(UsageError) as error:
        load_config(composed([override]))
    assert str(error.value) == message


def test_groups_with_a_target_take_any_key() -> None:
    with composing():
        assert load_config(composed(["+optimizer.mine=1", "+callbacks.mine.x=2"])).optimizer["mine"] == 1
