"""The training loop."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from src.config.schema import Config
from src.data.dataset import Dataset, Split
from src.optimizers.build import is_schedule_free
from src.seeding import derived_seed
from src.signals import Stop
from src.training.averaging import recompute_batch_norm
from src.training.callbacks import Callback, Callbacks
from src.training.device import Precision
from src.training.epoch_log import EpochLog
from src.training.evaluation import measure
from src.training.guessing import guessing
from src.training.length import Length
from src.training.metrics import AveragedMetrics, EpochResult, Metrics, Outcome, Progress
from src.training.parts import Parts


class Trainer:
    """Trains one model under one schedule.

    The learning rate logged for an update is the one the optimizer used for it. Nothing in a step waits for the device,
    except in fp16, where it waits twice: losses and logits stay on the device until the epoch ends.
    """

    def __init__(
        self,
        config: Config,
        parts: Parts,
        data: Dataset,
        precision: Precision,
        callbacks: Sequence[Callback] = (),
        stop: Stop | None = None,
    ) -> None:
        self.config = config
        self.data = data
        self.model = parts.model
        self.optimizer = parts.optimizer
        self.schedule = parts.schedule
        self.averaging = parts.averaging
        self.precision = precision
        self.callbacks = Callbacks(callbacks)
        self.stop = stop or Stop()
        self.length = Length(config.epochs, config.seconds, guessing(data.val.labels) if config.stop_hopeless else None)
        self.scaler = torch.amp.GradScaler(data.device.type, enabled=precision.scales_gradients)
        self._scale = self.scaler.get_scale()
        self.progress = Progress()
        self.log = EpochLog()
        self._lr = 0.0  # of the current update
        batch_size = config.trainer.eval_batch_size
        self._measure = partial(measure, data=data, batch_size=batch_size, precision=precision)
        self.clock_share = 1.0  # of the time that passes: runs in lockstep share it
        self._seconds_before, self._started = 0.0, time.perf_counter()
        self._run_started = time.perf_counter()
        torch.manual_seed(derived_seed(config.seed, "dropout"))

    # --- the run ---

    def fit(self) -> Outcome:
        """Trains until the run is complete, diverges or is stopped; tests a completed run."""
        outcome = Outcome("failed", None)
        try:
            self.start()
            outcome = self.conclude(self.train())
        finally:
            self.end(outcome)
        return outcome

    def start(self) -> None:
        """Before the first epoch of this attempt."""
        self._run_started = time.perf_counter() - self.progress.wall_seconds
        self.callbacks.run_start(self)

    def train(self) -> str:
        """Runs the remaining epochs; returns how they ended."""
        while not self.length.is_over(self.progress):
            self.train_epoch()
            if self.stop.is_requested:
                return "interrupted"
            self.end_epoch()
        return self.length.status(self.progress)

    def conclude(self, status: str) -> Outcome:
        """The outcome of a run whose training ended like this; tests a completed one."""
        outcome = self.test() if status == "completed" else Outcome(status, None)
        return Outcome("diverged", None) if outcome.test is not None and not outcome.test.is_finite else outcome

    def end(self, outcome: Outcome) -> None:
        """After the test, or when the run failed or was stopped."""
        self.progress.wall_seconds = time.perf_counter() - self._run_started
        self.callbacks.run_end(self, outcome)

    def train_epoch(self) -> None:
        """Runs the remaining updates of an epoch; fewer if stopped early."""
        self.start_epoch()
        for examples in self.updates_left():
            self.train_step(examples)
            self.callbacks.step(self)
            if self.stop.is_requested or self.length.is_time_up(self.progress):
                break
        self.stop_clock()

    def start_epoch(self) -> None:
        """Before the first of an epoch's remaining updates. Starts the training clock."""
        if self.progress.updates == 0:
            self.log.clear()
        self.callbacks.epoch_start(self)
        self.set_training(True)
        self._seconds_before, self._started = self.progress.train_seconds, time.perf_counter()

    def updates_left(self) -> Sequence[Tensor]:
        """The examples of each remaining update of the epoch."""
        order = self.data.train_order(self.config.seed, self.progress.epoch)
        return torch.split(order, self.config.update_size)[self.progress.updates :]

    def train_step(self, examples: Tensor) -> Tensor:
        """One update on `examples`: one batch or, with accumulation, several. Returns its loss, on the device."""
        self.begin_update()
        losses = []
        for images, labels in self.data.batches(self.data.train, examples, self.config.batch_size):
            with self._autocast():
                logits = self.model(images)
                loss = functional.cross_entropy(logits, labels, label_smoothing=self.config.trainer.label_smoothing)
            if len(labels) < len(examples):  # accumulation: a batch weighs as much as its share of the examples
                loss = loss * (len(labels) / len(examples))
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
            self.log.add_batch(logits, labels)
        loss = losses[0] if len(losses) == 1 else torch.stack(losses).sum()
        self.end_update(loss)
        return loss

    def begin_update(self) -> None:
        """Sets the learning rate of the next update, and drops the gradients of the last one."""
        self._lr = self.schedule.begin_update(self.progress.step, self.progress.train_seconds)
        self.optimizer.zero_grad(set_to_none=True)

    def end_update(self, loss: Tensor) -> None:
        """Updates the weights with the gradients of `loss`, and whatever follows from that."""
        progress = self.progress
        if self._update_weights():
            progress.step += 1
            self.averaging.after_update(self.model)
        else:
            progress.skipped_updates += 1
        progress.updates += 1
        self.log.add_update(self._lr, loss)
        self._read_clock()
        self.schedule.end_update(progress.step, progress.train_seconds)

    def stop_clock(self) -> None:
        """Stops the training clock, which runs only inside `train_epoch`, once the device has done its work."""
        if self.data.device.type == "cuda":
            torch.cuda.synchronize(self.data.device)
        self._read_clock()

    def end_epoch(self) -> None:
        """Validates, advances an epoch schedule and calls the callbacks."""
        progress = self.progress
        val = self.evaluate(self.data.val)
        train = self.log.metrics(len(self.data.train), self.config.update_size)
        progress.epoch += 1
        progress.updates = 0
        self.averaging.after_epoch(self.model, self.length.fraction_done(self.progress))
        progress.wall_seconds = time.perf_counter() - self._run_started
        result = EpochResult(
            epoch=progress.epoch,
            step=progress.step,
            lr=self.log.lrs[-1],
            train_loss=train.loss,
            train_accuracy=train.accuracy,
            val_loss=val.loss,
            val_accuracy=val.accuracy,
            train_seconds=progress.train_seconds,
        )
        progress.history.append(result)
        if result.is_finite:
            self.schedule.end_epoch(progress.epoch, result.metrics)
        self.callbacks.epoch_end(self, result)

    def test(self) -> Outcome:
        """Evaluates the final weights and, if there is one, their average. Reads the test set once, or not at all."""
        split = self.data.test() if self.config.read_test else None
        outcome = Outcome("completed", None if split is None else self.evaluate(split))
        averaged = self.averaging.model
        if averaged is None:
            return outcome
        self._recompute_batch_norm(averaged)
        averaged.eval()
        test = None if split is None else self._measure(averaged, split)
        return replace(outcome, averaged=AveragedMetrics(self._measure(averaged, self.data.val), test))

    def evaluate(self, split: Split) -> Metrics:
        """Cross-entropy, without label smoothing, and accuracy."""
        self.set_training(False)
        return self._measure(self.model, split)

    # --- resume ---

    def state_dict(self) -> dict[str, Any]:
        device = self.data.device
        return {
            "computed_with": self.computed_with,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "averaging": self.averaging.state_dict(),
            "scaler": self.scaler.state_dict(),
            "progress": asdict(self.progress),
            "epoch_so_far": self.log.state_dict() if self.progress.updates else None,
            "rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        }

    @property
    def computed_with(self) -> str:
        """Precision and device type, which a resumed run must share to give the same numbers."""
        return f"{self.precision.name} on {self.data.device.type}"

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.averaging.load_state_dict(state["averaging"], self.model)
        self.scaler.load_state_dict(state["scaler"])
        self._scale = self.scaler.get_scale()
        history = [EpochResult(**row) for row in state["progress"]["history"]]
        self.progress = Progress(**{**state["progress"], "history": history})
        if state["epoch_so_far"] is not None:
            self.log.load_state_dict(state["epoch_so_far"], self.data.device)
        torch.set_rng_state(state["rng"].cpu())
        if state["cuda_rng"] is not None and self.data.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_rng"].cpu(), self.data.device)

    # --- parts ---

    def set_training(self, training: bool) -> None:
        """Switches the model and a schedule-free optimizer between training and evaluation. Nothing else does."""
        is_switched = self.model.training != training
        self.model.train(training)
        if not is_schedule_free(self.optimizer):
            return
        self.optimizer.train() if training else self.optimizer.eval()  # type: ignore[attr-defined]
        if is_switched and not training:
            # Running statistics belong to the training weights. Fifty batches estimate those of the evaluation weights.
            self._recompute_batch_norm(self.model, num_batches=50)

    def _recompute_batch_norm(self, model: nn.Module, num_batches: int | None = None) -> None:
        """Recomputes running statistics over the batches of the first epoch, or over the first `num_batches`."""
        size = self.config.batch_size
        examples = self.data.train_order(self.config.seed, epoch=0)
        if num_batches is not None:
            examples = examples[: num_batches * size]
        with self._autocast():
            recompute_batch_norm(model, self.data.batches(self.data.train, examples, size))

    def _update_weights(self) -> bool:
        """Clips and steps. False if the fp16 scaler skipped the update because a gradient was not finite."""
        clip = self.config.trainer.clip_grad_norm
        if clip is not None:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.model.parameters(), clip)
        self.scaler.step(self.optimizer)
        if not self.scaler.is_enabled():
            return True
        self.scaler.update()
        # Waits for the device, as step() has: the schedule must know which updates happened.
        scale_before, self._scale = self._scale, self.scaler.get_scale()
        return self._scale >= scale_before

    def _autocast(self) -> AbstractContextManager[Any]:
        return self.precision.autocast(self.data.device)

    def _read_clock(self) -> None:
        self.progress.train_seconds = self._seconds_before + self.clock_share * (time.perf_counter() - self._started)

    @property
    def lrs(self) -> list[float]:
        """Learning rates of the current epoch's updates."""
        return self.log.lrs
