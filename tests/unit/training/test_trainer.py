"""The training loop: updates, epoch metrics, how a run ends, and how it resumes."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from src.config.schema import Config
from src.data import dataset as data_module
from src.runs.build import build_trainer
from src.training.callbacks import Callback
from src.training.device import Precision
from src.training.metrics import EpochResult, Metrics, Outcome
from src.training.trainer import Trainer
from tests.conftest import small_config
from tests.unit.training.conftest import StopAfter


class RecordingSGD(torch.optim.SGD):
    """Records the learning rate of every update."""

    lrs: ClassVar[list[float]] = []

    def step(self, closure: Any = None) -> Any:
        RecordingSGD.lrs.append(self.param_groups[0]["lr"])
        return super().step(closure)


def train(config: Config, folder: Path) -> tuple[Trainer, Outcome]:
    trainer = build_trainer(config, folder)
    return trainer, trainer.fit()


def with_fixed_weights(*overrides: str) -> Config:
    """A config with a learning rate of 0, which no command line can give."""
    config = small_config(*overrides)
    config.optimizer["lr"] = 0.0
    return config


def weights(trainer: Trainer) -> list[Tensor]:
    return [weight.detach().clone() for weight in trainer.model.parameters()]


def same(left: list[Tensor], right: list[Tensor]) -> bool:
    return all(torch.equal(first, second) for first, second in zip(left, right, strict=True))


@pytest.mark.parametrize("scheduler", ["cosine", "step", "one_cycle", "plateau"])
def test_logged_lr_is_the_one_the_update_used(scheduler: str, tmp_path: Path) -> None:
    RecordingSGD.lrs.clear()
    target = f"optimizer._target_={__name__}.RecordingSGD"
    trainer, _ = train(small_config(target, f"scheduler={scheduler}", "warmup=5", "epochs=3"), tmp_path)
    rows = (tmp_path / "steps.csv").read_text().splitlines()[1:]
    logged = [float(row.split(",")[1]) for row in rows]
    assert logged == RecordingSGD.lrs[-len(rows) :]  # preflight steps an optimizer before the run
    assert len(logged) == trainer.progress.step == 60
    assert len(set(logged)) >= 5


def test_callback_reads_the_lr_of_the_update_that_has_just_ended(tmp_path: Path) -> None:
    RecordingSGD.lrs.clear()
    seen: list[float] = []

    class ReadLr(Callback):
        def on_step(self, trainer: Trainer) -> None:
            seen.append(trainer.lrs[-1])
            assert len(trainer.lrs) == trainer.progress.updates  # those of the current epoch

    target = f"optimizer._target_={__name__}.RecordingSGD"
    trainer = build_trainer(small_config(target, "scheduler=cosine", "warmup=5"), tmp_path)
    trainer.callbacks.add(ReadLr())
    trainer.fit()
    assert seen == RecordingSGD.lrs[-40:]
    assert len(set(seen)) > 5


def test_history_has_lr_of_the_last_update_of_each_epoch(tmp_path: Path) -> None:
    trainer, _ = train(small_config("scheduler=step", "epochs=3"), tmp_path)
    assert [row.lr for row in trainer.progress.history] == pytest.approx([0.02, 0.002, 0.0002])


def test_training_metrics_are_means_over_examples_not_batches(tmp_path: Path) -> None:
    # With lr=0 the weights do not change, so the running mean of an epoch equals an evaluation of the training set.
    trainer, _ = train(with_fixed_weights("epochs=1", "batch_size=400"), tmp_path)
    row = trainer.progress.history[0]
    direct = trainer.evaluate(trainer.data.train)
    assert row.train_loss == pytest.approx(direct.loss, rel=1e-5)
    assert row.train_accuracy == direct.accuracy


def test_accumulated_batches_equal_one_large_batch(tmp_path: Path) -> None:
    large, _ = train(small_config("batch_size=256"), tmp_path / "large")
    parts, _ = train(small_config("batch_size=64", "trainer.accumulate_batches=4"), tmp_path / "parts")
    assert parts.progress.step == large.progress.step == 10
    for expected, weight in zip(weights(large), weights(parts), strict=True):
        assert torch.allclose(weight, expected, atol=1e-6)
    assert parts.progress.history[-1].train_loss == pytest.approx(large.progress.history[-1].train_loss, rel=1e-4)


def test_gradient_clipping_bounds_the_update_norm(tmp_path: Path) -> None:
    one_update = ("epochs=1", "batch_size=1257", "optimizer.lr=1", "optimizer.momentum=0")
    norms = []
    for number, clip in enumerate(("null", "0.01")):
        config = small_config(*one_update, f"trainer.clip_grad_norm={clip}")
        trainer = build_trainer(config, tmp_path / str(number))
        before = weights(trainer)
        trainer.fit()
        change = [after - start for after, start in zip(weights(trainer), before, strict=True)]
        norms.append(torch.cat([difference.flatten() for difference in change]).norm().item())
    assert norms[0] > 0.02
    assert norms[1] == pytest.approx(0.01, rel=1e-3)


def test_label_smoothing_affects_only_the_training_loss(tmp_path: Path) -> None:
    plain, _ = train(with_fixed_weights(), tmp_path / "plain")
    smooth, _ = train(with_fixed_weights("trainer.label_smoothing=0.5"), tmp_path / "smooth")
    assert plain.progress.history[0].val_loss == smooth.progress.history[0].val_loss
    assert plain.progress.history[0].train_loss != pytest.approx(smooth.progress.history[0].train_loss, rel=1e-3)


class RecordingPlateau(torch.optim.lr_scheduler.ReduceLROnPlateau):
    metrics: ClassVar[list[float]] = []

    def step(self, metrics: Any, epoch: int | None = None) -> None:
        self.metrics.append(float(metrics))
        super().step(metrics)


def test_plateau_receives_the_validation_loss(tmp_path: Path) -> None:
    target = f"scheduler._target_={__name__}.RecordingPlateau"
    trainer = build_trainer(small_config("scheduler=plateau", target, "epochs=3"), tmp_path)
    RecordingPlateau.metrics.clear()
    trainer.fit()
    assert RecordingPlateau.metrics == [row.val_loss for row in trainer.progress.history]


def test_same_seed_gives_same_initial_weights_and_batches_under_every_schedule(tmp_path: Path) -> None:
    runs: dict[str, Any] = {}
    for scheduler in ("constant", "cosine"):
        trainer = build_trainer(small_config(f"scheduler={scheduler}"), tmp_path / scheduler)
        start, batches = weights(trainer), []
        train_step = trainer.train_step

        def recording_step(examples: Tensor, step: Any = train_step, batches: list[Tensor] = batches) -> None:
            batches.append(examples)
            step(examples)

        trainer.train_step = recording_step  # type: ignore[method-assign]
        trainer.fit()
        runs[scheduler] = (start, batches, weights(trainer))
    (start, batches, end), (start_2, batches_2, end_2) = runs.values()
    assert same(start, start_2)
    assert len(batches) == 40
    assert same(batches, batches_2)
    assert not same(end, end_2)


def test_dropout_ignores_the_global_seed(tmp_path: Path) -> None:
    config = small_config("model=mlp", "model.dropout=0.5")
    torch.manual_seed(1)
    first, _ = train(config, tmp_path / "first")
    torch.manual_seed(2)
    second, _ = train(config, tmp_path / "second")
    assert same(weights(first), weights(second))


def test_test_set_is_read_once_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    epochs: list[int] = []
    read = data_module.Dataset.test

    def counted(self: data_module.Dataset) -> data_module.Split:
        epochs.append(trainer.progress.epoch)
        return read(self)

    monkeypatch.setattr(data_module.Dataset, "test", counted)
    trainer = build_trainer(small_config("epochs=3"), tmp_path)
    outcome = trainer.fit()
    assert epochs == [3]
    assert outcome.test is not None
    assert outcome.test == trainer.evaluate(trainer.data.test())


def test_non_finite_loss_ends_the_run_without_testing(tmp_path: Path) -> None:
    trainer, outcome = train(small_config("model=mlp", "optimizer.lr=1e6", "epochs=5"), tmp_path)
    assert (outcome.status, outcome.test) == ("diverged", None)
    assert trainer.progress.epoch < 5
    assert not math.isfinite(trainer.progress.history[-1].train_loss)


@pytest.fixture(scope="module", params=["cosine", "plateau", "one_cycle"])
def uninterrupted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Config, Trainer, Outcome]:
    """A config and its run from start to end."""
    config = small_config(f"scheduler={request.param}", "model=mlp", "model.dropout=0.2", "warmup=5")
    return config, *train(config, tmp_path_factory.mktemp("uninterrupted"))


@pytest.mark.parametrize("stop_at", [7, 20, 33])
def test_stopped_run_resumes_bit_for_bit(
    uninterrupted: tuple[Config, Trainer, Outcome], stop_at: int, tmp_path: Path
) -> None:
    # An epoch has 20 updates: the run stops inside the first epoch, at its end, and inside the second.
    config, whole, outcome = uninterrupted
    first = build_trainer(config, tmp_path / "first")
    first.callbacks.add(StopAfter(stop_at))
    assert first.fit().status == "interrupted"
    assert first.progress.step == stop_at
    state = first.state_dict()
    second = build_trainer(config, tmp_path / "second")
    second.load_state_dict(state)
    assert second.fit() == outcome
    assert same(weights(whole), weights(second))

    def numbers(trainer: Trainer) -> list[dict[str, float]]:
        rows = [row.metrics for row in trainer.progress.history]
        return [{key: value for key, value in row.items() if key != "train_seconds"} for row in rows]

    assert numbers(second) == numbers(whole)


def test_wall_clock_run_stopped_at_its_deadline_still_ends_its_epoch(tmp_path: Path) -> None:
    config = small_config("interval=second", "seconds=0.0001")
    first = build_trainer(config, tmp_path)
    first.callbacks.add(StopAfter(1))
    assert first.fit().status == "interrupted"
    assert first.progress.train_seconds > 0.0001
    second = build_trainer(config, tmp_path)
    second.load_state_dict(first.state_dict())
    assert second.fit().status == "completed"
    assert len(second.progress.history) == 1


def test_wall_clock_run_ends_at_its_deadline(tmp_path: Path) -> None:
    config = small_config("scheduler=cosine", "interval=second", "seconds=0.5", "epochs=1")
    trainer, outcome = train(config, tmp_path)
    assert outcome.status == "completed"
    assert trainer.progress.train_seconds >= 0.5
    assert trainer.progress.history[-2].train_seconds < 0.5
    assert trainer.progress.epoch > 1


class Failing(Callback):
    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        raise RuntimeError("the disk is full")


class StatusRecorder(Callback):
    statuses: ClassVar[list[str]] = []

    def on_run_end(self, trainer: Trainer, outcome: Outcome) -> None:
        StatusRecorder.statuses.append(outcome.status)


def test_exception_still_calls_on_run_end(tmp_path: Path) -> None:
    callbacks = {"failing": Failing, "recorder": StatusRecorder}
    overrides = [f"+callbacks.{name}._target_={__name__}.{kind.__name__}" for name, kind in callbacks.items()]
    trainer = build_trainer(small_config(*overrides), tmp_path)
    StatusRecorder.statuses.clear()
    with pytest.raises(RuntimeError, match="the disk is full"):
        trainer.fit()
    assert StatusRecorder.statuses == ["failed"]


def test_bf16_runs_on_the_cpu(tmp_path: Path) -> None:
    trainer, outcome = train(small_config("model=mlp", "trainer.precision=bf16"), tmp_path)
    assert outcome.status == "completed"
    assert trainer.model(torch.zeros(1, 1, 28, 28)).dtype is torch.float32  # the weights are in full precision
    with trainer._autocast():
        assert trainer.model(torch.zeros(1, 1, 28, 28)).dtype is torch.bfloat16


def test_run_that_learns_nothing_ends_as_hopeless_if_asked(tmp_path: Path) -> None:
    idle = ("model=mlp", "optimizer.lr=1e-30", "epochs=3")
    trainer, outcome = train(small_config(*idle, "stop_hopeless=true"), tmp_path / "stopped")
    assert (outcome.status, outcome.test) == ("hopeless", None)
    assert trainer.progress.epoch == 1
    trainer, outcome = train(small_config(*idle), tmp_path / "not")
    assert (outcome.status, trainer.progress.epoch) == ("completed", 3)


def test_run_that_learns_is_not_stopped_and_computes_the_same(tmp_path: Path) -> None:
    first, outcome = train(small_config("stop_hopeless=true"), tmp_path / "first")
    second, expected = train(small_config(), tmp_path / "second")
    assert outcome == expected
    assert same(weights(first), weights(second))


def test_resumed_run_stays_hopeless(tmp_path: Path) -> None:
    config = small_config("model=mlp", "optimizer.lr=1e-30", "stop_hopeless=true")
    stopped, _ = train(config, tmp_path / "stopped")
    resumed = build_trainer(config, tmp_path / "resumed")
    resumed.load_state_dict(stopped.state_dict())
    assert resumed.fit().status == "hopeless"
    assert resumed.progress.epoch == 1


def test_run_that_diverged_is_not_called_hopeless(tmp_path: Path) -> None:
    _, outcome = train(small_config("optimizer.lr=1e38", "stop_hopeless=true"), tmp_path)
    assert outcome.status == "diverged"


def test_test_loss_that_is_not_finite_is_a_divergence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = build_trainer(small_config(), tmp_path)
    split = trainer.data.test()
    monkeypatch.setattr(type(trainer.data), "test", lambda data: split)
    evaluate = trainer.evaluate
    trainer.evaluate = lambda s: Metrics(math.nan, 0.1) if s is split else evaluate(s)  # type: ignore[method-assign]
    assert trainer.fit() == Outcome("diverged", None)


class SkippingScaler:
    """Replaces torch's GradScaler on a machine without a GPU: skips every third update, as after an overflow."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.optimizer, self.calls, self.factor = optimizer, 0, 2.0**16

    def is_enabled(self) -> bool:
        return True

    def scale(self, loss: Tensor) -> Tensor:
        return loss

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        self.calls += 1
        if self.calls % 3:
            optimizer.step()

    def update(self) -> None:
        if self.calls % 3 == 0:
            self.factor /= 2

    def get_scale(self) -> float:
        return self.factor

    def state_dict(self) -> dict[str, Any]:
        return {}


def test_skipped_update_is_counted_and_is_not_a_tick(tmp_path: Path) -> None:
    trainer = build_trainer(small_config("scheduler=cosine"), tmp_path)
    trainer.scaler = SkippingScaler(trainer.optimizer)  # type: ignore[assignment]
    trainer.fit()
    assert (trainer.progress.step, trainer.progress.skipped_updates) == (27, 13)
    assert trainer.schedule.scheduler.last_epoch == 27
    assert len((tmp_path / "steps.csv").read_text().splitlines()) == 1 + 40


class OverflowingScale(Callback):
    """Starts with a loss scale so large that the first updates are skipped."""

    def on_run_start(self, trainer: Trainer) -> None:
        if trainer.progress.step + trainer.progress.skipped_updates == 0:
            trainer.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**26)
            trainer._scale = trainer.scaler.get_scale()


@pytest.fixture
def _fp16(monkeypatch: pytest.MonkeyPatch) -> None:
    """fp16 with a real GradScaler on the CPU."""
    monkeypatch.setattr("src.runs.build.select_precision", lambda name, device: Precision("fp16", torch.float16))


def fp16_trainer(folder: Path, *overrides: str) -> Trainer:
    trainer = build_trainer(small_config("model=mlp", *overrides), folder)
    trainer.callbacks.add(OverflowingScale())
    return trainer


@pytest.mark.usefixtures("_fp16")
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("clip", ["null", "1.0"])
def test_run_learns_after_the_loss_scaler_skipped_its_first_updates(optimizer: str, clip: str, tmp_path: Path) -> None:
    overrides = (f"optimizer={optimizer}", f"trainer.clip_grad_norm={clip}")
    trainer = fp16_trainer(tmp_path, *overrides)
    outcome = trainer.fit()
    assert (outcome.status, trainer.progress.step + trainer.progress.skipped_updates) == ("completed", 40)
    assert 2 < trainer.progress.skipped_updates < 20
    assert trainer.progress.history[-1].val_loss < 1.0


@pytest.mark.usefixtures("_fp16")
def test_run_resumed_with_a_loss_scaler_is_the_uninterrupted_one(tmp_path: Path) -> None:
    uninterrupted, first = fp16_trainer(tmp_path / "whole"), fp16_trainer(tmp_path / "run")
    uninterrupted.fit()
    first.callbacks.add(StopAfter(5))
    assert first.fit().status == "interrupted"
    second = fp16_trainer(tmp_path / "run")
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    second.fit()
    assert second.progress.skipped_updates == uninterrupted.progress.skipped_updates > 2
    assert all(map(torch.equal, weights(second), weights(uninterrupted)))
    assert second.scaler.state_dict() == uninterrupted.scaler.state_dict()


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_gpu_run_learns_in_every_precision(precision: str, tmp_path: Path) -> None:
    config = small_config("model=cnn", "trainer.device=cuda", f"trainer.precision={precision}", "epochs=8")
    trainer, outcome = train(config, tmp_path)
    dtypes = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
    assert trainer.precision == Precision(precision, dtypes[precision])
    assert outcome.test is not None
    assert outcome.test.accuracy > 0.8
    assert trainer.progress.step + trainer.progress.skipped_updates == config.total_steps


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_gpu_step_does_not_synchronize(tmp_path: Path) -> None:
    trainer = build_trainer(small_config("trainer.device=cuda", "trainer.precision=bf16"), tmp_path)
    trainer.model.train()
    order = trainer.data.train_order(0, 0)
    trainer.train_step(order[:64])
    torch.cuda.set_sync_debug_mode("error")
    try:
        trainer.train_step(order[64:128])
    finally:
        torch.cuda.set_sync_debug_mode("default")
