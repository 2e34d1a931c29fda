"""Configs in the working directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from src.config import CONF
from src.config.compose import composed, composing
from src.config.user_configs import config_folders
from src.errors import UsageError
from src.schedules.choices import names
from src.sweeps.experiment import load_experiment
from src.sweeps.hydra_adapter import compose_multirun
from tests.conftest import ROOT

SAWTOOTH = "name: sawtooth\ninterval: step\nmonitor: null\n_target_: my_schedules.sawtooth\n"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with a schedule and an experiment of the user's."""
    for name, text in {
        "scheduler/sawtooth": SAWTOOTH,
        "experiment/teeth": "name: teeth\nschedulers: [sawtooth]\nseeds: [0]\noverrides: []\n",
    }.items():
        path = tmp_path / "conf" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    GlobalHydra.instance().clear()  # compose_multirun leaves its context open


@pytest.mark.usefixtures("lab")
def test_choices_in_the_working_directory_are_found_by_every_composition() -> None:
    with composing():
        assert composed(["scheduler=sawtooth"]).scheduler.name == "sawtooth"
        assert composed(["scheduler=cosine"]).scheduler.name == "cosine"
    multirun = compose_multirun(["scheduler=sawtooth,cosine"])
    assert multirun.compose_job(["scheduler=sawtooth"]).scheduler.name == "sawtooth"
    assert load_experiment("teeth").schedulers == ["sawtooth"]
    assert {"sawtooth", "cosine"} <= set(names())


def test_choice_with_the_name_of_ours_is_ignored_with_one_warning(lab: Path, caplog: pytest.LogCaptureFixture) -> None:
    (lab / "conf" / "scheduler" / "cosine.yaml").write_text(SAWTOOTH)
    for _ in range(2):
        assert config_folders() == [CONF, lab / "conf"]
    (record,) = caplog.records
    assert "scheduler/cosine.yaml ignored, because ours have the same names; rename them" in record.getMessage()
    assert names().count("cosine") == 1


@pytest.mark.usefixtures("lab")
def test_unknown_experiment_names_those_of_the_user_too() -> None:
    with pytest.raises(UsageError, match="experiment=nope: choose one of benchmark, teeth"):
        load_experiment("nope")


def test_working_directory_without_configs_and_this_repository_add_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (tmp_path, ROOT):
        monkeypatch.chdir(folder)
        assert config_folders() == [CONF]
