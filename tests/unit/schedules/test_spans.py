"""Spans and milestones that torch accepts and nobody means."""

from __future__ import annotations

import pytest
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR, ReduceLROnPlateau, StepLR

from src.errors import UsageError
from src.schedules.spans import check_spans


@pytest.mark.parametrize(
    ("target", "arguments", "message"),
    [
        (StepLR, {"step_size": -1}, "scheduler.step_size=-1: must be at least 1"),
        (CosineAnnealingLR, {"T_max": 0}, "scheduler.T_max=0: must be at least 1"),
        (ReduceLROnPlateau, {"patience": -1}, "scheduler.patience=-1: must be at least 0"),
        (MultiStepLR, {"milestones": [4, 2]}, "scheduler.milestones=[4, 2]: must be ticks from 1 on in growing order"),
        (MultiStepLR, {"milestones": [0, 2]}, "scheduler.milestones=[0, 2]: must be ticks from 1 on in growing order"),
    ],
)
def test_impossible_span_is_refused(target: type, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as error:
        check_spans(target, arguments)
    assert str(error.value) == message


def test_milestones_of_a_short_run_may_coincide() -> None:
    check_spans(MultiStepLR, {"milestones": [1, 1]})


def test_null_and_parameters_of_users_are_not_spans() -> None:
    class MyLR(StepLR):
        pass

    check_spans(StepLR, {"step_size": None})
    check_spans(MyLR, {"step_size": -1})
