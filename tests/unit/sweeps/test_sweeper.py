"""`hydra.sweeper.params` becomes overrides; other settings of sweepers are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from src.errors import UsageError
from src.sweeps.hydra_adapter import compose_command
from src.sweeps.plan import make_plan
from src.sweeps.sweeper import check_sweeper, with_sweeper_params, without_sweeper_params
from tests.conftest import SMALL


def sweeper(**changes: Any) -> DictConfig:
    settings: Any = OmegaConf.to_container(compose_command([]).hydra.sweeper)
    return DictConfig(settings | changes)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('hydra.sweeper.params={seed:"0,1",epochs:"range(1,3)"}', ["seed=0,1", "epochs=range(1,3)"]),
        ("+hydra.sweeper.params={seed:3}", ["seed=3"]),
        ("hydra.sweeper.params.seed=0,1", ["seed=0,1"]),
        ('+hydra.sweeper.params.optimizer.lr="0.1,0.2"', ["optimizer.lr=0.1,0.2"]),
        ("hydra.sweeper.params=null", ["hydra.sweeper.params=null"]),
    ],
)
def test_params_on_the_command_line_are_overrides(line: str, expected: list[str]) -> None:
    assert without_sweeper_params(["epochs=1", line]) == [*expected, "epochs=1"]


def test_missing_sweeper_is_refused() -> None:
    with pytest.raises(UsageError, match="hydra/sweeper: null cannot run here"):
        with_sweeper_params([], compose_command(["hydra.sweeper=null"]).hydra.sweeper)


def test_params_that_are_not_a_mapping_are_refused() -> None:
    with pytest.raises(UsageError, match=r"hydra\.sweeper\.params=3: must be a mapping, as in 'hydra"):
        without_sweeper_params(["hydra.sweeper.params=3"])


def test_params_of_a_config_are_overrides_that_the_command_line_replaces() -> None:
    params = {"seed": "0,1", "scheduler": "step,cosine"}
    assert with_sweeper_params(["epochs=1", "+seed=7"], sweeper(params=params)) == [
        "scheduler=step,cosine",
        "epochs=1",
        "+seed=7",
        "hydra.sweeper.params=null",
    ]
    assert with_sweeper_params(["epochs=1"], sweeper()) == ["epochs=1"]


FOREIGN = "hydra_plugins.hydra_optuna_sweeper.optuna_sweeper.OptunaSweeper"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"_target_": FOREIGN}, "hydra/sweeper: OptunaSweeper cannot run here, because sweeps are planned before they"),
        ({"max_batch_size": 4}, "hydra.sweeper.max_batch_size=4: jobs are not launched in batches"),
        ({"params": {"seed": "0,1"}}, "only `python -m src.train -m` takes them; give seed=0,1 as arguments"),
    ],
)
def test_settings_that_a_plan_would_ignore_are_refused(changes: dict[str, Any], message: str) -> None:
    check_sweeper(sweeper())
    with pytest.raises(UsageError, match=message):
        check_sweeper(sweeper(**changes))


def test_foreign_sweeper_is_refused_before_its_params_are_read() -> None:
    with pytest.raises(UsageError, match="OptunaSweeper"):
        with_sweeper_params([], sweeper(_target_=FOREIGN))


def test_plan_checks_the_sweeper(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="max_batch_size=4"):
        make_plan([*SMALL, f"hydra.sweep.dir={tmp_path}", "hydra.sweeper.max_batch_size=4"])
