"""The loop."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from src.config.schema import Config
from src.data.dataset import Dataset, Split
from src.schedules.driver import Schedule
from src.seeding import derived_seed
from src.training.averaging import WeightAverage, recompute_batch_norm
from src.training.callbacks import Callback, Callbacks
from src.training.device import Precision
from src.training.metrics import AveragedMetrics, EpochResult, Metrics, Outcome, Progress


class Trainer:
    """Trains one model under one schedule.

    The lr that is logged for an update is the one the optimizer used for it. Nothing in a step waits for the device:
    losses and logits stay there until the epoch ends.
    """

    def __init__(
        self,
        config: Config,
        data: Dataset,
        model: nn.Module,
        optimizer: Optimizer,
        schedule: Schedule,
        averaging: WeightAverage,
        precision: Precision,
        callbacks: list[Callback],
    ) -> None:
        self.config = config
        self.data = data
        self.model = model
        self.optimizer = optimizer
        self.schedule = schedule
        self.averaging = averaging
        self.precision = precision
        self.callbacks = Callbacks(callbacks)
        self.scaler = torch.amp.GradScaler(data.device.type, enabled=precision.scales_gradients)
        self._scale = self.scaler.get_scale()
        self.progress = Progress()
        self.stop_requested = False
        self.lrs: list[float] = []  # of the current epoch's updates
        self.losses: list[Tensor] = []  # a scalar an update, on the device
        # An epoch's logits are 2 MB on MNIST: keeping them costs less than judging every batch by itself.
        self.logits: list[Tensor] = []
        self.labels: list[Tensor] = []
        self._epoch_started = 0.0
        self._run_started = time.perf_counter()
        self._seed_dropout()

    # --- the run ---

    def fit(self) -> Outcome:
        """Trains to the end of the run, or until it diverges or `stop_requested` is set; tests what was completed."""
        self._run_started = time.perf_counter() - self.progress.wall_seconds
        outcome = Outcome("failed", None)
        try:
            self.callbacks.run_start(self)
            status = self.train()
            is_tested = status == "completed" and self.config.read_test
            outcome = self.test() if is_tested else Outcome(status, None)
        finally:
            self.progress.wall_seconds = time.perf_counter() - self._run_started
            self.callbacks.run_end(self, outcome)
        return outcome

    def train(self) -> str:
        """The epochs of the run; returns how they ended."""
        while not self._is_finished:
            self.train_epoch()
            if self.stop_requested:
                return "interrupted"
            self.end_epoch()
        return "diverged" if self._has_diverged else "completed"

    def train_epoch(self) -> None:
        """The updates of an epoch, from where the run stands in it; less of them where it is stopped."""
        if self.progress.updates == 0:
            self._clear_epoch()
        self.callbacks.epoch_start(self)
        self.set_training(True)
        self._epoch_started = time.perf_counter() - self.progress.train_seconds
        size, parts = self.config.batch_size, self.config.trainer.accumulate_batches
        order = self.data.train_order(self.config.seed, self.progress.epoch)
        for examples in torch.split(order, size * parts)[self.progress.updates :]:
            self.train_step(examples)
            self.callbacks.step(self)
            if self.stop_requested or self._time_is_up:
                break
        self._wait_for_device()
        self._read_clock()

    def train_step(self, examples: Tensor) -> None:
        """One update, from the examples of one batch or, with accumulation, of several."""
        progress = self.progress
        lr = self.schedule.begin_update(progress.step, progress.train_seconds)
        self.optimizer.zero_grad(set_to_none=True)
        losses = []
        for images, labels in self.data.batches(self.data.train, examples, self.config.batch_size):
            with self._autocast():
                logits = self.model(images)
                loss = functional.cross_entropy(logits, labels, label_smoothing=self.config.trainer.label_smoothing)
            if len(labels) < len(examples):  # a part of the update's examples makes that part of its loss
                loss = loss * (len(labels) / len(examples))
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
            self.logits.append(logits.detach())
            self.labels.append(labels)
        self.losses.append(losses[0] if len(losses) == 1 else torch.stack(losses).sum())
        if self._update_weights():
            progress.step += 1
            self.averaging.after_update(self.model)
        else:
            progress.skipped_updates += 1
        progress.updates += 1
        self.lrs.append(lr)
        self._read_clock()
        self.schedule.end_update(progress.step, progress.train_seconds)

    def end_epoch(self) -> None:
        """Validates, ticks the schedule and tells the callbacks."""
        progress = self.progress
        val = self.evaluate(self.data.val)
        train = self._epoch_metrics()
        progress.epoch += 1
        progress.updates = 0
        self.averaging.after_epoch(self.model, self._done)
        progress.wall_seconds = time.perf_counter() - self._run_started
        result = EpochResult(
            epoch=progress.epoch,
            step=progress.step,
            lr=self.lrs[-1],
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
        """Reads the test set, once: the weights of the last update and, where there is one, their average."""
        split = self.data.test()
        outcome = Outcome("completed", self.evaluate(split))
        averaged = self.averaging.model
        if averaged is None:
            return outcome
        self._recompute_batch_norm(averaged)
        averaged.eval()
        metrics = AveragedMetrics(self._measure(averaged, self.data.val), self._measure(averaged, split))
        return replace(outcome, averaged=metrics)

    def evaluate(self, split: Split) -> Metrics:
        """Plain cross-entropy, without label smoothing, and accuracy."""
        self.set_training(False)
        return self._measure(self.model, split)

    def _measure(self, model: nn.Module, split: Split) -> Metrics:
        losses = torch.zeros((), dtype=torch.float64, device=self.data.device)
        hits = torch.zeros((), dtype=torch.int64, device=self.data.device)
        everything = torch.arange(len(split), device=self.data.device)
        with torch.inference_mode(), self._autocast():
            for images, labels in self.data.batches(split, everything, self.config.trainer.eval_batch_size):
                logits = model(images)
                losses += functional.cross_entropy(logits.float(), labels, reduction="sum")
                hits += (logits.argmax(dim=1) == labels).sum()
        return Metrics(losses.item() / len(split), hits.item() / len(split))

    # --- resume ---

    def state_dict(self) -> dict[str, Any]:
        progress = asdict(self.progress)
        return {
            "computed_with": self.computed_with,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "averaging": self.averaging.state_dict(),
            "scaler": self.scaler.state_dict(),
            "progress": progress,
            "epoch_so_far": self._epoch_so_far(),
            "rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state(self.data.device) if self.data.device.type == "cuda" else None,
        }

    @property
    def computed_with(self) -> str:
        """What a run must be resumed with to be the same run."""
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
        if (epoch := state["epoch_so_far"]) is not None:
            self.lrs = list(epoch["lrs"])
            self.losses = list(epoch["losses"].to(self.data.device).unbind())
            self.logits, self.labels = ([epoch[name].to(self.data.device)] for name in ("logits", "labels"))
        torch.set_rng_state(state["rng"].cpu())
        if state["cuda_rng"] is not None and self.data.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_rng"].cpu(), self.data.device)

    def _epoch_so_far(self) -> dict[str, Any] | None:
        """What an unfinished epoch has logged; None between epochs."""
        if self.progress.updates == 0:
            return None
        tensors = {name: torch.cat(getattr(self, name)) for name in ("logits", "labels")}
        return {"lrs": list(self.lrs), "losses": torch.stack(self.losses), **tensors}

    # --- parts ---

    def set_training(self, training: bool) -> None:
        """Switches between training and evaluation: the model and a schedule-free optimizer, which trains other weights
        than it evaluates. No other place does."""
        switched = self.model.training != training
        self.model.train(training)
        switch = getattr(self.optimizer, "train" if training else "eval", None)
        if switch is None:
            return
        switch()
        if switched and not training:
            # The statistics are those of the trained weights; those of fifty batches are near enough.
            self._recompute_batch_norm(self.model, num_batches=50)

    def _recompute_batch_norm(self, model: nn.Module, num_batches: int | None = None) -> None:
        """Over the batches of the first epoch, all or that many of them."""
        size = self.config.batch_size
        examples = self.data.train_order(self.config.seed, epoch=0)
        if num_batches is not None:
            examples = examples[: num_batches * size]
        with self._autocast():
            recompute_batch_norm(model, self.data.batches(self.data.train, examples, size))

    def _update_weights(self) -> bool:
        """Clips and steps; False where the fp16 scaler found a gradient that is not finite and left the update out."""
        clip = self.config.trainer.clip_grad_norm
        if clip is not None:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.model.parameters(), clip)
        self.scaler.step(self.optimizer)
        if not self.scaler.is_enabled():
            return True
        self.scaler.update()
        # Waits for the device, which fp16 alone pays for: ticks count the updates that happened.
        before, self._scale = self._scale, self.scaler.get_scale()
        return self._scale >= before

    def _autocast(self) -> AbstractContextManager[Any]:
        if self.precision.autocast_dtype is None:
            return nullcontext()
        return torch.autocast(self.data.device.type, dtype=self.precision.autocast_dtype)

    def _epoch_metrics(self) -> Metrics:
        """The epoch's losses and hits, brought over from the device in one go."""
        done = self.progress.updates
        size = self.config.batch_size * self.config.trainer.accumulate_batches
        sizes = torch.full((done,), size, dtype=torch.float64)
        examples = min(done * size, len(self.data.train))
        sizes[-1] -= done * size - examples
        losses = torch.stack(self.losses).cpu().double()
        hits = (torch.cat(self.logits).argmax(dim=1) == torch.cat(self.labels)).sum().item()
        return Metrics(float(losses @ sizes) / examples, hits / examples)

    def _clear_epoch(self) -> None:
        self.lrs, self.losses, self.logits, self.labels = [], [], [], []

    def _wait_for_device(self) -> None:
        if self.data.device.type == "cuda":
            torch.cuda.synchronize(self.data.device)

    def _seed_dropout(self) -> None:
        seed = derived_seed(self.config.seed, "dropout")
        torch.manual_seed(seed)

    def _read_clock(self) -> None:
        """Sets the training clock, which stands still outside of `train_epoch`."""
        self.progress.train_seconds = time.perf_counter() - self._epoch_started

    @property
    def _done(self) -> float:
        """How much of the run is over, from 0 to 1."""
        if self.config.seconds is not None:
            return min(1.0, self.progress.train_seconds / self.config.seconds)
        return self.progress.epoch / self.config.epochs

    @property
    def _time_is_up(self) -> bool:
        return self.config.seconds is not None and self.progress.train_seconds >= self.config.seconds

    @property
    def _is_finished(self) -> bool:
        if self._has_diverged:
            return True
        if self.config.seconds is not None:
            return self._time_is_up and self.progress.updates == 0  # an epoch that was begun is ended
        return self.progress.epoch >= self.config.epochs

    @property
    def _has_diverged(self) -> bool:
        history = self.progress.history
        return bool(history) and not history[-1].is_finite
