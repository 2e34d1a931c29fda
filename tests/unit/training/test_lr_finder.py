"""The range test: on quadratics with a known stability limit, on a trainer, and for `optimizer.lr=auto`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from src.errors import UsageError
from src.runs.build import build_trainer
from src.training.lr_finder import RangeTest, _longest_descent, range_test, rates, run_range_test
from tests.conftest import small_config

CURVATURES = torch.logspace(-3, 0, 40, dtype=torch.float64)


def quadratic(steepness: float, momentum: float = 0.0) -> tuple[Callable[[float], float], Tensor]:
    """Gradient descent on a quadratic with curvatures up to `steepness`; returns the update and the point it moves."""
    curvatures = steepness * CURVATURES
    point = torch.ones(len(curvatures), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([point], lr=0.0, momentum=momentum)

    def update(lr: float) -> float:
        optimizer.param_groups[0]["lr"] = lr
        optimizer.zero_grad()
        loss = 0.5 * (curvatures * point**2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss.item()

    return update, point


def stays_bounded(steepness: float, lr: float, momentum: float) -> bool:
    update, point = quadratic(steepness, momentum)
    for _ in range(400):
        update(lr)
    return bool(point.abs().max() < 10)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("steepness", [1.0, 30.0, 1000.0])
@pytest.mark.parametrize("kind", ["valley", "steepest"])
def test_suggestion_is_stable_and_near_the_limit(kind: str, steepness: float, momentum: float) -> None:
    limit = 2 * (1 + momentum) / steepness  # of heavy-ball descent; Polyak, 1964
    assert stays_bounded(steepness, 0.99 * limit, momentum)
    assert not stays_bounded(steepness, 1.01 * limit, momentum)
    test = range_test(quadratic(steepness, momentum)[0], rates())
    assert test.lrs[-1] > limit  # the range test saw it blow up
    # With momentum and without noise the loss falls fastest early; the default suggestion is the valley.
    assert limit / {"valley": 100, "steepest": 2000}[kind] < test.suggestion(kind) < limit
    assert stays_bounded(steepness, test.suggestion(kind), momentum)


def test_tenfold_steepness_gives_a_tenth_of_the_rate() -> None:
    lrs = [float(10 ** (exponent / 50)) for exponent in range(-350, 51)]
    once = range_test(quadratic(1.0)[0], lrs)
    tenfold = range_test(quadratic(10.0)[0], [lr / 10 for lr in lrs])
    assert tenfold.valley == pytest.approx(once.valley / 10)
    assert tenfold.steepest == pytest.approx(once.steepest / 10)


def test_flat_stretch_at_small_rates_is_not_part_of_the_valley() -> None:
    # A long, slightly falling plateau misleads a derivative by the raw rate, and a valley measured in updates.
    losses = [2.3 - 1e-5 * i for i in range(200)] + [2.3 - 0.05 * i for i in range(40)] + [3.0, 9.0, 1e3]
    lrs = rates(1e-6, 10, len(losses))
    supply = iter(losses)
    test = range_test(lambda lr: next(supply), lrs)
    assert lrs[200] < test.valley < lrs[243 - 1]
    assert lrs[200] < test.steepest < lrs[243 - 1]


def test_smoothing_is_unbiased_and_range_test_ends_where_loss_blows_up() -> None:
    supply = iter([2.0, *(2.0 - 0.05 * i for i in range(20)), 1.0, math.nan, 1.0])
    test = range_test(lambda lr: next(supply), rates(num_updates=30))
    assert test.smoothed[0] == 2.0  # a biased average would give 0.2
    assert test.smoothed[1] == pytest.approx((0.9 * 2.0 + 2.0) / 1.9)
    assert len(test.lrs) == len(test.losses) == 22
    supply = iter([1.0] + [1 - 0.01 * i for i in range(20)] + [100.0] * 20)
    assert len(range_test(lambda lr: next(supply), rates(num_updates=40)).lrs) == 21


@pytest.mark.parametrize(
    ("values", "length"),
    [([3, 2, 1], 3), ([1, 2, 3], 1), ([5, 1, 4, 2, 3, 2], 4), ([2, 2, 2], 1), ([9, 1, 8, 7, 6], 4)],
)
def test_longest_descent(values: list[float], length: int) -> None:
    indices = _longest_descent(values)
    assert len(indices) == length
    assert indices == sorted(indices)
    assert all(values[earlier] > values[later] for earlier, later in itertools.pairwise(indices))


@pytest.mark.parametrize("loss", [math.nan, 1.0])
def test_loss_that_no_rate_lowers_is_refused(loss: float) -> None:
    with pytest.raises(UsageError, match="no learning rate from 1e-06 to 10 lowers the loss by"):
        range_test(lambda lr: loss, rates())


@pytest.mark.parametrize(
    ("low", "high", "count", "message"),
    [
        (0, 1, 100, "min_lr=0"),
        (1, 0.1, 100, "min_lr=1.*max_lr=0.1"),
        (1e-3, 1, 5, "num_updates=5"),
        (1e-3, math.inf, 100, "max_lr=inf"),
    ],
)
def test_invalid_rates_are_refused(low: float, high: float, count: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        rates(low, high, count)


# --- on a trainer ---------------------------------------------------------------------------------------------------

FEW = rates(1e-4, 1.0, 40)


def same(left: Any, right: Any) -> bool:
    if isinstance(left, Tensor):
        return torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "muon", "schedule_free_adamw"])
def test_range_test_restores_model_optimizer_and_random_state(
    optimizer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small_config(f"optimizer={optimizer}", "model=mlp", "model.dropout=0.3")
    trainer = build_trainer(config, tmp_path)
    for examples in torch.split(trainer.data.train_order(0, 0), 64)[:5]:  # creates optimizer state
        trainer.set_training(True)
        trainer.train_step(examples)
    weights = [weight.detach().clone() for weight in trainer.model.parameters()]
    before = {key: value for key, value in trainer.state_dict().items() if key != "epoch_so_far"}
    before = torch.load(_saved(before, tmp_path), weights_only=True)
    first_weights: list[Tensor] = []
    train_step = trainer.train_step

    def recorded(examples: Tensor) -> Tensor:
        loss = train_step(examples)
        first_weights.append(next(trainer.model.parameters()).clone())
        return loss

    monkeypatch.setattr(trainer, "train_step", recorded)
    run_range_test(trainer, FEW)
    after = {key: value for key, value in trainer.state_dict().items() if key != "epoch_so_far"}
    assert not torch.equal(first_weights[-1], weights[0])
    assert same(torch.load(_saved(after, tmp_path), weights_only=True), before)


def _saved(state: dict[str, Any], folder: Path) -> Path:
    torch.save(state, folder / "state.pt")
    return folder / "state.pt"


@pytest.mark.parametrize(
    ("line", "row", "message"),
    [
        (3, "-0.1,1,1", "line 3: "),
        (2, "0,1,1", "line 2: "),
        (4, "50,1,1", "line 5: "),
        (4, "1e-3,1,1", "line 4: "),
        (3, "inf,1,1", "line 3: "),
        (3, "0.0015,nan,1", "line 3: "),
        (3, "0.0015,1", "line 3: the number of cells is 2, not 3"),
        (1, "lr,loss,smooth", "line 1: no column smoothed"),
        (3, "fast,1,1", "line 3: lr is 'fast', not a number"),
    ],
)
def test_file_of_a_range_test_with_impossible_values_is_refused(
    line: int, row: str, message: str, tmp_path: Path
) -> None:
    lrs = rates(1e-3, 1.0, 20)
    path, test = tmp_path / "test.csv", RangeTest(lrs, [2.0 - lr for lr in lrs], [2.0 - lr for lr in lrs])
    path.write_text(test.to_csv())
    assert RangeTest.read_csv(path) == test
    lines = path.read_text().splitlines()
    lines[line - 1] = row
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(UsageError) as error:
        RangeTest.read_csv(path)
    assert str(error.value).startswith(f"{path} {message}")


def test_file_of_a_range_test_without_rates_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "test.csv"
    path.write_text("lr,loss,smoothed\n0.1,1,1\n")
    with pytest.raises(UsageError, match="fewer than two learning rates"):
        RangeTest.read_csv(path)
