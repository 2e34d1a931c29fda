"""Files of conf/protocol and conf/experiment, and the arguments that change them."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.errors import UsageError
from src.sweeps.experiment import load_experiment
from src.sweeps.presets import split_arguments


def test_misspelled_field_of_an_experiment_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    (tmp_path / "conf" / "experiment" / "mine.yaml").write_text("name: mine\nschedules: [step]\n")
    with pytest.raises(UsageError, match="schedules"):
        load_experiment("mine")


def test_file_that_is_a_list_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    (tmp_path / "conf" / "experiment" / "mine.yaml").write_text("- step\n")
    with pytest.raises(UsageError, match=r"mine\.yaml: must have a key and a value on every line"):
        load_experiment("mine")


def test_arguments_are_split_into_values_of_fields_and_overrides() -> None:
    values, overrides = split_arguments(["seeds=[0,1]", "model=mlp", "+callbacks.mine.x=1"], ("seeds", "schedulers"))
    assert values == {"seeds": [0, 1]}
    assert {key: override.input_line for key, override in overrides.items()} == {
        "model": "model=mlp",
        "callbacks.mine.x": "+callbacks.mine.x=1",
    }
