"""sweep.json as a sweep wrote it, and as a hand or a disk changed it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from src.analysis.sweep_file import evaluation_seeds, read_sweep_file

PROTOCOL = {"reference": "constant", "tuning_seeds": [7], "evaluation_seeds": [0, 1], "tune_per_seed": False}
CONTENT: dict[str, Any] = {
    "command": ["python", "scripts/sweep.py"],
    "planned_at": "2026-11-21T07:19:38+00:00",
    "provenance": {"git_sha": None, "git_dirty": None},
    "protocol": PROTOCOL,
    "jobs": [{"folder": "runs/a", "overrides": ["seed=0"]}],
    "history": [{"planned_at": None, "command": None, "seeds": [0]}],
}


def read(folder: Path, content: object) -> dict[str, Any]:
    (folder / "sweep.json").write_text(json.dumps(content))
    return read_sweep_file(folder)


@pytest.mark.parametrize("content", [CONTENT, CONTENT | {"protocol": None}, {"jobs": []}])
def test_file_of_a_sweep_is_read_as_written(tmp_path: Path, content: dict[str, Any]) -> None:
    assert read(tmp_path, content) == content


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"jobs": 3}, "jobs"),
        ({"jobs": ["runs/a"]}, "jobs"),
        ({"jobs": [{"folder": 1, "overrides": []}]}, "jobs"),
        ({"protocol": [PROTOCOL]}, "protocol"),
        ({"protocol": PROTOCOL | {"evaluation_seeds": "0,1"}}, "protocol.evaluation_seeds"),
        ({"protocol": PROTOCOL | {"tune_per_seed": "yes"}}, "protocol.tune_per_seed"),
        ({"history": [{"seeds": ["0"]}]}, "history"),
        ({"history": {"seeds": [0]}}, "history"),
        ({"history": [{"seeds": [0], "command": [["python"]]}]}, "history"),
        ({"protocol": {"tune_per_seed": True, "evaluation_seeds": [0]}}, "protocol.tuning_seeds"),
        ({"seeds": 3}, "seeds"),
        ({"command": "python"}, "command"),
    ],
)
def test_file_with_a_wrong_type_is_ignored_by_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, change: dict[str, Any], place: str
) -> None:
    assert read(tmp_path, CONTENT | change) == {}
    assert f"sweep.json is not what a sweep wrote ({place})" in caplog.text


@pytest.mark.parametrize("content", [3, ["a"], None])
def test_file_that_is_not_an_object_is_ignored(tmp_path: Path, content: object) -> None:
    assert read(tmp_path, content) == {}


@pytest.mark.parametrize(("make", "kind"), [(Path.mkdir, "a folder"), (os.mkfifo, "a named pipe")])
def test_something_else_in_the_place_of_the_file_is_ignored_by_name(
    make: Callable[[Path], None], kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make(tmp_path / "sweep.json")
    assert read_sweep_file(tmp_path) == {}
    assert f"sweep.json is {kind}, not a file" in caplog.text


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", bytes(99), b'{"jobs": [', b"[" * 100_000])
def test_damaged_content_is_ignored_by_name(content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "sweep.json").write_bytes(content)
    assert read_sweep_file(tmp_path) == {}
    assert "sweep.json cannot be read" in caplog.text


def test_seeds_that_are_not_numbers_are_not_counted() -> None:
    jobs = [{"folder": "a", "overrides": [line]} for line in ("seed=1", "seed=", "seed=x", "seed=0")]
    assert evaluation_seeds({"jobs": jobs}) == [0, 1]
