"""Weight averages: their values, batch norm statistics, resuming, and refused settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from src.config.schema import Config
from src.errors import UsageError
from src.runs.build import build_trainer, check
from src.runs.run import run
from src.training.averaging import recompute_batch_norm
from src.training.callbacks import Callback
from src.training.metrics import EpochResult, Outcome
from src.training.trainer import Trainer
from tests.conftest import small_config
from tests.unit.training.test_trainer import StopAfter

SCHEDULE_FREE = ("optimizer=schedule_free_sgd", "optimizer.lr=0.1")


class WeightRecorder(Callback):
    """Records the weights after every update and every epoch."""

    def __init__(self) -> None:
        self.by_update: list[list[Tensor]] = []
        self.by_epoch: list[list[Tensor]] = []

    def on_step(self, trainer: Trainer) -> None:
        self.by_update.append(weights(trainer.model))

    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        self.by_epoch.append(weights(trainer.model))


def weights(model: nn.Module) -> list[Tensor]:
    return [weight.detach().clone() for weight in model.parameters()]


def train(config: Config, folder: Path) -> tuple[Trainer, Outcome, WeightRecorder]:
    trainer, recorder = build_trainer(config, folder), WeightRecorder()
    trainer.callbacks.add(recorder)
    return trainer, trainer.fit(), recorder


def averaged_weights(trainer: Trainer) -> list[Tensor]:
    assert trainer.averaging.model is not None
    return weights(trainer.averaging.model)


def close(left: list[Tensor], right: list[Tensor]) -> bool:
    return all(torch.allclose(first, second, atol=1e-6) for first, second in zip(left, right, strict=True))


def test_moving_average_equals_exponentially_weighted_sum(tmp_path: Path) -> None:
    trainer, _, recorder = train(small_config("averaging=ema", "averaging.decay=0.9"), tmp_path)
    last = len(recorder.by_update) - 1
    shares = [0.9**last, *(0.1 * 0.9 ** (last - update) for update in range(1, last + 1))]
    assert sum(shares) == pytest.approx(1)
    expected = [
        sum(share * weight for share, weight in zip(shares, versions, strict=True))
        for versions in zip(*recorder.by_update, strict=True)
    ]
    assert close(averaged_weights(trainer), expected)


def test_epoch_average_is_mean_of_late_epochs(tmp_path: Path) -> None:
    trainer, _, recorder = train(small_config("averaging=swa", "averaging.start=0.5", "epochs=5"), tmp_path)
    late = recorder.by_epoch[2:]  # epoch 3 of 5 is the first to end past half of the run
    expected = [torch.stack(versions).mean(dim=0) for versions in zip(*late, strict=True)]
    assert close(averaged_weights(trainer), expected)


def test_default_decay_averages_over_a_tenth_of_the_run() -> None:
    assert small_config("averaging=ema", "epochs=10").averaging["decay"] == pytest.approx(1 - 1 / 20)


@pytest.mark.parametrize("averaging", ["ema", "swa"])
def test_averaging_records_both_weights_and_leaves_the_run_unchanged(averaging: str, tmp_path: Path) -> None:
    config = small_config(f"averaging={averaging}", "model=mlp_bn", "epochs=4", "scheduler=swa")
    record = run(config, tmp_path / "averaged", show="nothing")
    plain = run(small_config("averaging=none", "model=mlp_bn", "epochs=4", "scheduler=swa"), tmp_path / "plain")
    assert (record.averaging, plain.averaging) == (averaging, "none")
    assert (record.test_loss, record.val_loss) == (plain.test_loss, plain.val_loss)
    assert record.averaged_test_loss not in (None, record.test_loss)
    assert record.averaged_val_accuracy is not None
    assert record.averaged_val_accuracy > 0.8
    assert plain.averaged_test_loss is plain.averaged_val_accuracy is None


def test_tuning_run_measures_its_average_without_the_test_set(tmp_path: Path) -> None:
    config = small_config("averaging=ema", "model=mlp_bn", "epochs=4")
    tested = run(config, tmp_path / "tested", show="nothing")
    tuning = run(replace(config, read_test=False), tmp_path / "tuning", show="nothing")
    assert tuning.averaged_val_accuracy == tested.averaged_val_accuracy is not None
    assert tuning.averaged_val_loss == tested.averaged_val_loss
    assert tuning.test_accuracy is tuning.averaged_test_accuracy is tuning.averaged_test_loss is None


def test_averaged_model_has_batch_norm_statistics_of_its_weights(tmp_path: Path) -> None:
    trainer, _, _ = train(small_config("averaging=swa", "averaging.start=0", "model=mlp_bn"), tmp_path)
    average = trainer.averaging.model
    assert average is not None
    linear, norm = average.module[1], average.module[2]
    images, _ = next(trainer.data.batches(trainer.data.train, torch.arange(len(trainer.data.train)), 10**6))
    with torch.inference_mode():
        means = linear(images.flatten(1)).mean(dim=0)
    assert torch.allclose(norm.running_mean, means, atol=0.02)  # the smaller last batch has the weight of a full one
    assert not torch.allclose(norm.running_mean, trainer.model[2].running_mean, atol=0.02)


@pytest.fixture(
    scope="module",
    params=[("averaging=ema",), ("averaging=swa", "averaging.start=0.5"), SCHEDULE_FREE],
    ids=lambda overrides: overrides[0],
)
def uninterrupted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Outcome]:
    """A config and the outcome of its run from start to end."""
    config = small_config(*request.param, "model=mlp_bn", "epochs=4")
    return config, train(config, tmp_path_factory.mktemp("uninterrupted"))[1]


@pytest.mark.parametrize("stop_at", [7, 70])
def test_stopped_run_resumes_bit_for_bit(uninterrupted: tuple[Config, Outcome], stop_at: int, tmp_path: Path) -> None:
    config, outcome = uninterrupted
    first = build_trainer(config, tmp_path / "first")
    first.callbacks.add(StopAfter(stop_at))
    assert first.fit().status == "interrupted"
    torch.save(first.state_dict(), tmp_path / "state.pt")
    second = build_trainer(config, tmp_path / "second")
    second.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert second.fit() == outcome


def test_loading_a_state_without_an_average_clears_the_average(tmp_path: Path) -> None:
    trainer = build_trainer(small_config("averaging=ema"), tmp_path)
    before = trainer.state_dict()["averaging"]
    trainer.fit()
    assert trainer.averaging.model is not None
    trainer.averaging.load_state_dict(before, trainer.model)
    assert trainer.averaging.model is None


def test_epoch_ending_where_averaging_starts_is_excluded(tmp_path: Path) -> None:
    trainer, _, recorder = train(small_config("averaging=swa", "averaging.start=0.75", "epochs=4"), tmp_path)
    assert close(averaged_weights(trainer), recorder.by_epoch[3])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize(
    "overrides", [("averaging=ema",), SCHEDULE_FREE, ("optimizer=muon",)], ids=lambda overrides: overrides[0]
)
def test_gpu_step_does_not_synchronize(overrides: tuple[str, ...], tmp_path: Path) -> None:
    config = small_config("trainer.device=cuda", "trainer.precision=bf16", "model=mlp_bn", *overrides)
    trainer = build_trainer(config, tmp_path)
    trainer.set_training(True)
    order = trainer.data.train_order(0, 0)
    for first in (0, 64):  # the first update allocates optimizer state
        trainer.train_step(order[first : first + 64])
    torch.cuda.set_sync_debug_mode("error")
    try:
        trainer.train_step(order[128:192])
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize(
    "overrides", [("averaging=swa",), SCHEDULE_FREE, ("optimizer=muon",)], ids=lambda overrides: overrides[0]
)
def test_gpu_run_learns_in_half_precision(overrides: tuple[str, ...], precision: str, tmp_path: Path) -> None:
    config = small_config(
        "trainer.device=cuda", f"trainer.precision={precision}", "model=mlp_bn", "epochs=8", *overrides
    )
    _, outcome, _ = train(config, tmp_path)
    assert outcome.test is not None
    assert outcome.test.accuracy > 0.8


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("averaging=swa", "averaging.start=1"), "start=1 must be a fraction of the run"),
        (("averaging=ema", "averaging.decay=1"), "decay=1 must be at least 0 and less than 1"),
        (("averaging=ema", "averaging.decay=slow"), "averaging.decay='slow': must be a number"),
        (("averaging=ema", "+averaging.start=0"), "averaging.start: no such parameter; MovingAverage takes decay"),
        (("averaging=ema", *SCHEDULE_FREE), "averages the weights itself; use averaging=none"),
        (("averaging._target_=torch.nn.Linear",), "is not a subclass of src.averaging.WeightAverage"),
        (("averaging=ema", "interval=second", "seconds=5"), "give averaging.decay, for example averaging.decay=0.999"),
    ],
)
def test_invalid_averaging_is_refused(overrides: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as error:
        check(small_config(*overrides))
    assert message in str(error.value)


# --- schedule-free optimizers ---------------------------------------------------------------------------------------


def test_schedule_free_optimizer_switches_modes_with_the_model(tmp_path: Path) -> None:
    trainer = build_trainer(small_config(*SCHEDULE_FREE), tmp_path)
    modes: list[tuple[bool, bool]] = []

    class Modes(Callback):
        def on_step(self, trainer: Trainer) -> None:
            modes.append((trainer.model.training, trainer.optimizer.param_groups[0]["train_mode"]))

        def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
            modes.append((trainer.model.training, trainer.optimizer.param_groups[0]["train_mode"]))

    trainer.callbacks.add(Modes())
    outcome = trainer.fit()
    epoch = [(True, True)] * 20 + [(False, False)]
    assert modes == epoch * 2
    assert outcome.test is not None
    assert outcome.test.accuracy > 0.85


def test_schedule_free_run_evaluates_averaged_weights(tmp_path: Path) -> None:
    trainer, outcome, _ = train(small_config(*SCHEDULE_FREE), tmp_path)
    trainer.set_training(True)
    trainer.model.eval()
    assert trainer._measure(trainer.model, trainer.data.test()) != outcome.test


def test_schedule_free_batch_norm_matches_evaluated_weights(tmp_path: Path) -> None:
    trainer, _, _ = train(small_config(*SCHEDULE_FREE, "model=mlp_bn"), tmp_path)
    running_mean = trainer.model[2].running_mean.clone()
    examples = trainer.data.train_order(0, epoch=0)[: 50 * 64]
    recompute_batch_norm(trainer.model, trainer.data.batches(trainer.data.train, examples, 64))
    assert torch.equal(running_mean, trainer.model[2].running_mean)
