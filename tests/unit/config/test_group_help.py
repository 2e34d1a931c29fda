"""The groups that `python -m src.train --help` lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose
from omegaconf import OmegaConf

from src.config import CONF
from src.config.compose import composed, composing
from src.sweeps.experiment import load_experiment


def listed_groups(*overrides: str) -> dict[str, list[str]]:
    with composing():
        template = compose("train", overrides=list(overrides), return_hydra_config=True).hydra.help.template
    block = template.split("\n\n")[2]
    return {group: names.split(", ") for group, _, names in (line.partition(": ") for line in block.splitlines())}


def test_every_group_of_a_run_is_listed_with_its_choices() -> None:
    groups = {path.name for path in CONF.iterdir() if path.is_dir()} - {"hydra", "protocol"}
    listed = listed_groups()
    assert {group.lstrip("+") for group in listed} == groups
    for group, names in listed.items():
        assert names == sorted(path.stem for path in (CONF / group.lstrip("+")).glob("*.yaml"))


def test_every_listed_group_can_be_chosen_as_listed() -> None:
    listed = listed_groups()
    assert load_experiment(listed.pop("experiment")[0])
    for group, names in listed.items():
        with composing():
            config = composed([f"{group}={names[-1]}"])
        assert OmegaConf.select(config, group.lstrip("+"))


def test_groups_of_the_user_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("conf/scheduler/mine.yaml", "elsewhere/sweep/seeds.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text("name: mine\n")
    monkeypatch.chdir(tmp_path)
    listed = listed_groups(f"hydra.searchpath=[file://{tmp_path}/elsewhere]")
    assert "mine" in listed["scheduler"]
    assert listed["+sweep"] == ["seeds"]
