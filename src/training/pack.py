"""Training in lockstep: runs that see the same batches share their forward and backward passes, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from src.models.lockstep import StackedModel
from src.signals import Stop
from src.training.metrics import Outcome
from src.training.trainer import Trainer

_FAILURES = (Exception, SystemExit)  # callbacks and schedules may be the user's own code


@dataclass(frozen=True)
class Ended:
    """A run of the pack that ended before, after so many epochs.

    Its place in the stack is kept for as long as it lasted: the last bits of a product can depend on its size, and the
    runs that are left are to compute what they would have computed without the interruption.
    """

    epochs: int


@dataclass(frozen=True)
class End:
    """How a run of the pack ended; `error` is what a failed one raised."""

    trainer: Trainer
    outcome: Outcome
    error: BaseException | None = None


class Pack:
    """Trains runs in lockstep.

    They have the same data, architecture, seed, batches, precision and number of updates so far. Each keeps its own
    trainer, with its optimizer, schedule, averaging, callbacks, logs and checkpoints. A run that ends leaves the pack,
    and one that fails or diverges harms no other. The training clock of a run counts its share of the pack's time.
    """

    def __init__(self, members: Sequence[Trainer | Ended], stop: Stop | None = None) -> None:
        self._members = list(members)
        self._active = [member for member in members if isinstance(member, Trainer)]
        self._ends: list[End] = []
        self._stop = stop or Stop()
        any_trainer = self._active[0]
        self._config, self._data, self._precision = any_trainer.config, any_trainer.data, any_trainer.precision
        self._stack: StackedModel  # of the models in `_slots`, from the start of an epoch on
        self._slots: list[Trainer | Ended] = []

    def fit(self) -> Iterator[End]:
        """Trains all runs until they have ended; yields each as it ends, after all have written their checkpoints."""
        try:
            self._each(_with_own_randomness(Trainer.start))
            yield from self._new_ends()
            while self._active:
                self._each(self._conclude_if_over)
                if self._active:
                    self._train_epoch()
                    self._each(_with_own_randomness(Trainer.end_epoch))
                yield from self._new_ends()
        finally:
            for trainer in list(self._active):  # after what ends the process
                self._end(trainer, Outcome("failed", None))

    def _new_ends(self) -> Iterator[End]:
        ends, self._ends = self._ends, []
        yield from ends

    def _train_epoch(self) -> None:
        """Runs the remaining updates of an epoch; fewer if all runs are stopped."""
        try:
            self.start_epoch()
            updates = self._active[0].updates_left() if self._active else ()
            for examples in updates:
                self.train_step(examples)
                self._each(_call_step_hooks)
                self._interrupt_if_stopped()
                if not self._active:
                    break
            self._stack.check_views()
        except _FAILURES as error:  # in what the runs share
            for trainer in list(self._active):
                self._end(trainer, Outcome("failed", None), error)
        self._each(Trainer.stop_clock)

    def start_epoch(self) -> None:
        """Stacks the models of the runs that train in this epoch, if they are not those of the epoch before."""
        self._each(_with_own_randomness(Trainer.start_epoch))
        epoch = self._active[0].progress.epoch if self._active else 0
        slots = [
            member
            for member in self._members
            if (member.epochs > epoch if isinstance(member, Ended) else member in self._active)
        ]
        if slots == self._slots:
            return
        filler = self._active[0].model
        models = [slot.model if isinstance(slot, Trainer) else copy.deepcopy(filler) for slot in slots]
        self._stack, self._slots = StackedModel(models).train(), slots
        for trainer in self._active:
            trainer.clock_share = 1 / len(slots)

    def train_step(self, examples: Tensor) -> None:
        """One update of every run on `examples`; the same as `Trainer.train_step`, for all of them."""
        self._each(Trainer.begin_update)
        self._stack.zero_grad(set_to_none=True)
        losses = []
        for images, labels in self._data.batches(self._data.train, examples, self._config.batch_size):
            logits, loss = self._forward(images, labels)
            if len(labels) < len(examples):
                loss = loss * (len(labels) / len(examples))
            loss.sum().backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
            for slot, predictions in zip(self._slots, logits.detach(), strict=True):
                if isinstance(slot, Trainer):
                    slot.log.add_batch(predictions.t(), labels)
        self._stack.share_gradients()
        loss = losses[0] if len(losses) == 1 else torch.stack(losses).sum(dim=0)
        loss_of = dict(zip(self._slots, loss.unbind(), strict=True))
        self._each(lambda trainer: trainer.end_update(loss_of[trainer]))

    def _forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (K, num_classes, B) and the mean loss of each run (K)."""
        smoothing = self._config.trainer.label_smoothing
        with self._precision.autocast(self._data.device):
            logits = self._stack(images)
            targets = labels.expand(len(self._slots), -1)
            losses = functional.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)
        return logits, losses.mean(dim=1)

    def _conclude_if_over(self, trainer: Trainer) -> None:
        if trainer.length.is_over(trainer.progress):
            with torch.random.fork_rng(_cuda_devices(trainer)):
                outcome = trainer.conclude(trainer.length.status(trainer.progress))
            self._end(trainer, outcome)

    def _interrupt_if_stopped(self) -> None:
        is_stopped = self._stop.is_requested  # read once: all runs stop after the same update
        for trainer in list(self._active):
            if is_stopped or trainer.stop.is_requested:
                trainer.stop_clock()
                self._end(trainer, Outcome("interrupted", None))

    def _end(self, trainer: Trainer, outcome: Outcome, error: BaseException | None = None) -> None:
        self._active.remove(trainer)
        try:
            trainer.end(outcome)
        except _FAILURES as raised:
            outcome, error = Outcome("failed", None), error or raised
        self._ends.append(End(trainer, outcome, error))

    def _each(self, action: Callable[[Trainer], object]) -> None:
        """Calls `action` with every run in training; one in which it raises has failed."""
        for trainer in list(self._active):
            self._try(action, trainer)

    def _try(self, action: Callable[[Trainer], object], trainer: Trainer) -> None:
        try:
            action(trainer)
        except _FAILURES as error:
            self._end(trainer, Outcome("failed", None), error)


def _with_own_randomness(action: Callable[[Trainer], object]) -> Callable[[Trainer], None]:
    """`action` on a copy of the random generator, from which all runs draw their dropout masks."""

    def apart(trainer: Trainer) -> None:
        with torch.random.fork_rng(_cuda_devices(trainer)):
            action(trainer)

    return apart


def _call_step_hooks(trainer: Trainer) -> None:
    if trainer.callbacks.watch_steps:
        _with_own_randomness(lambda trainer: trainer.callbacks.step(trainer))(trainer)


def _cuda_devices(trainer: Trainer) -> list[torch.device]:
    return [trainer.data.device] if trainer.data.device.type == "cuda" else []
