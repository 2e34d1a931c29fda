"""Errors of Hydra and OmegaConf become one line that names the override."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.config.compose import composed, composing, load_config
from src.errors import UsageError


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer=sdg", r"^optimizer=sdg: choose one of .*adamw, .*sgd; did you mean sgd\?$"),
        ("epoch=3", r"^epoch: unknown key; did you mean epochs\?$"),
        ("optimizer.lrr=3", r"^optimizer.lrr: unknown key; did you mean optimizer.lr\?$"),
        ("epochs=many", "^epochs=many: must be an integer$"),
        ("epochs=[1", r"^epochs=\[1: cannot be parsed; close every bracket"),
        (f"seed=1{'0' * 5000}", r"^seed=10+: .*Exceeds the limit \(4300 digits\)"),
    ],
)
def test_error_is_one_line(override: str, message: str) -> None:
    with composing(), pytest.raises(UsageError, match=message) as error:
        load_config(composed([override]))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"name: mine\n\tgamma: 1\n",
            r"mine\.yaml line 2: found character .* cannot start any token; correct",
        ),
        (b"name: mine\nname: mine\n", r"mine\.yaml line 2: found duplicate key name; correct the file"),
        (b"milestones: [1, 2\n", r"mine\.yaml line 2: expected ',' or ']'.*; correct the file"),
        ("name: é".encode("latin-1"), r"not text in UTF-8 \(unexpected end of data\); save it as such"),
    ],
)
def test_broken_file_of_the_user_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "scheduler" / "mine.yaml").write_bytes(content)
    with composing(), pytest.raises(UsageError, match=message) as error:
        composed([f"hydra.searchpath=[file://{tmp_path}]", "scheduler=mine"])
    assert "\n" not in str(error.value)


def test_error_of_a_resolver_keeps_its_message() -> None:
    message = "^scheduler.*scheduler=cosine with interval=second spans the run, whose length is unknown"
    with composing(), pytest.raises(UsageError, match=message):
        load_config(composed(["scheduler=cosine", "interval=second"]))
