"""From a config to the parts of a run: inspected, and still as new."""

from __future__ import annotations

import pytest
import torch

from src.errors import UsageError
from src.models.build import build_model
from src.runs.build import build, check
from tests.conftest import small_config

CPU = torch.device("cpu")


@pytest.mark.parametrize("scheduler", ["cosine", "one_cycle", "cyclic", "plateau", "cosine_restarts"])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "muon", "schedule_free_sgd"])
def test_inspected_parts_are_as_new(scheduler: str, optimizer: str) -> None:
    momentum = ["scheduler.cycle_momentum=false"] if scheduler in ("one_cycle", "cyclic") else []
    config = small_config(f"scheduler={scheduler}", f"optimizer={optimizer}", "model=mlp_bn", *momentum)
    parts = build(config, CPU)
    fresh = build_model(config.model, config.seed).state_dict()
    assert all(torch.equal(tensor, fresh[name]) for name, tensor in parts.model.state_dict().items())
    assert len(parts.optimizer.state) == 0
    assert parts.schedule.scheduler.last_epoch == 0
    assert parts.schedule.scheduler.optimizer is parts.optimizer


def test_building_leaves_the_global_generator_unchanged() -> None:
    before = torch.get_rng_state()
    build(small_config("model=mlp", "model.dropout=0.5"), CPU)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is there")
def test_devices_of_another_machine_are_not_checked() -> None:
    config = small_config("trainer.device=cuda:7")
    with pytest.raises(UsageError, match=r"trainer\.device=cuda:7: torch sees 0 CUDA devices"):
        check(config)
    check(config, runs_here=False)
