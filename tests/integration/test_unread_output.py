"""Commands whose output nobody reads any more, as before `| head`."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from src import cli, train
from src.commands import completion, sweep
from src.errors import EXIT_INTERRUPTED, ending_in_one_line
from tests.integration.conftest import call_main


@contextmanager
def unread_stdout(*, buffered: bool) -> Iterator[None]:
    """A stdout that is closed at its other end, up to the flush at exit."""
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    with pytest.MonkeyPatch.context() as patch, os.fdopen(writing_end, "wb", 0 if not buffered else -1) as file:
        stdout = io.TextIOWrapper(file, write_through=not buffered)  # type: ignore[arg-type]
        patch.setattr(sys, "stdout", stdout)
        yield
        stdout.flush()


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (train.main, ["--help"]),
        (train.main, ["--info"]),
        (train.main, ["--cfg", "job"]),
        (sweep.main, ["--help"]),
        (completion.main, ["bash"]),
        (cli.main, []),
    ],
)
def test_command_that_only_prints_ends_well(
    main: Callable[[], None], arguments: list[str], buffered: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with unread_stdout(buffered=buffered):
        assert call_main(*arguments, main=main) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("buffered", [True, False])
def test_command_that_does_more_is_interrupted(buffered: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with unread_stdout(buffered=buffered), pytest.raises(SystemExit) as end, ending_in_one_line():
        print("an intermediate result")
    assert end.value.code == EXIT_INTERRUPTED
    assert capsys.readouterr().err == ""
