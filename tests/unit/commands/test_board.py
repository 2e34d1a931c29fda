"""The command line of `schedbench board`."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.commands.board import parse, show
from src.errors import UsageError


@pytest.mark.parametrize(
    ("line", "folder", "options"),
    [
        ("", "outputs", []),
        ("--port 6899", "outputs", ["--port=6899"]),
        ("--port 6899 runs", "runs", ["--port=6899"]),
        ("runs --port=6899", "runs", ["--port=6899"]),
        ("--host 0.0.0.0 runs --bind_all", "runs", ["--host=0.0.0.0", "--bind_all"]),
        ("--samples_per_plugin=images=50 runs", "runs", ["--samples_per_plugin=images=50"]),
        ("runs --samples_per_plugin images=50", "runs", ["--samples_per_plugin", "images=50"]),
    ],
)
def test_folder_and_options_of_tensorboard_go_in_any_order(line: str, folder: str, options: list[str]) -> None:
    assert parse(line.split()) == (Path(folder), options)


def test_port_that_is_no_number_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(["--port", "outputs"])
    assert end.value.code == 2
    error = "error: argument --port: invalid int value: 'outputs'; --help lists the options\n"
    assert capsys.readouterr().err == error


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("--reload_interval 5", "; write --reload_interval=5 if it belongs to that option"),
        ("5 --load_fast=false", ""),
    ],
)
def test_missing_folder_may_be_the_value_of_an_option(line: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        show(*parse(line.split()))
    assert str(error.value) == f"no such folder: 5; train first, or name the folder of a sweep or of runs{hint}"
