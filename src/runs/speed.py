"""Time per update of three training loops: this trainer, a bare loop and the usual DataLoader loop."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import torch
from torch.nn import functional
from torch.utils.data import DataLoader

from src.announce import announcing
from src.config.schema import Config
from src.data import dataset as data
from src.data.torchvision import dataset_class, import_torchvision
from src.errors import UsageError
from src.runs.build import build_model_and_optimizer, build_trainer
from src.training.device import select_device, select_precision
from src.training.metrics import Metrics, Outcome

THIS_TRAINER, BARE_LOOP = "this trainer", "bare loop"
Loop = Callable[[Config], float]


def compare_loops(config: Config, rounds: int) -> dict[str, list[float]]:
    """Seconds per update of every loop in every round.

    Raises:
        UsageError: the number of rounds is not positive, the data set is not one of torchvision's, or it is not below
            `data.root`.
    """
    check_rounds(rounds)
    if not config.data.source.startswith("torchvision."):
        raise UsageError(f"data={config.data.name}: the DataLoader loop needs a torchvision data set; use data=mnist")
    if config.data.folder is not None or config.data.root is None:
        raise UsageError(
            "data.folder: the DataLoader loop reads what data.root holds; give data.root=DIR, and no folder"
        )
    return time_in_rotation({name: partial(loop, config) for name, loop in LOOPS.items()}, rounds)


def check_rounds(rounds: int) -> None:
    if rounds < 1:
        raise UsageError(f"--rounds {rounds}: must be a positive integer")


def time_in_rotation(timers: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Calls all timers once per round, each round in a rotated order; a first round to warm up does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in timers}
    names = list(timers)
    for number in range(rounds + 1):
        first = number % len(names)
        with announcing(f"timing round {number} of {rounds}" if number else "warming up"):
            for name in names[first:] + names[:first]:
                seconds[name].append(timers[name]())
    return {name: values[1:] for name, values in seconds.items()}


def time_trainer(config: Config) -> float:
    """Seconds per update of everything that a run does except evaluation."""
    with tempfile.TemporaryDirectory() as folder:
        trainer = build_trainer(config, Path(folder))
        trainer.evaluate = lambda split: Metrics(0.0, 0.0)  # type: ignore[method-assign]
        start = time.perf_counter()
        trainer.callbacks.run_start(trainer)  # as in `fit`, but without reading the test set
        outcome = Outcome(trainer.train(), None)
        trainer.callbacks.run_end(trainer, outcome)
        return (time.perf_counter() - start) / trainer.progress.step


def time_bare_loop(config: Config) -> float:
    """Seconds per update of the shortest possible loop over tensors in memory: no schedule, no metrics, no logging."""
    device = select_device(config.trainer.device)
    dataset = data.load(config.data, device)
    step = bare_step(config, dataset)
    _synchronize(device)
    start = time.perf_counter()
    for _ in range(config.epochs):
        order = torch.randperm(len(dataset.train)).to(device)
        for indices in torch.split(order, config.batch_size):
            step(indices)
    _synchronize(device)
    return (time.perf_counter() - start) / (config.epochs * config.updates_per_epoch)


def bare_step(config: Config, dataset: data.Dataset) -> Callable[[torch.Tensor], None]:
    """An update of the bare loop, on the examples with these indices."""
    model, optimizer = _build_like_trainer(config, dataset.device)
    autocast, scaler = _build_amp(config, dataset.device)
    mean, scale = 255 * dataset.mean, 1 / (255 * dataset.std)
    model.train()

    def step(indices: torch.Tensor) -> None:
        images = dataset.train.images.index_select(0, indices).to(torch.float32).sub_(mean).mul_(scale)
        with autocast:
            loss = functional.cross_entropy(model(images), dataset.train.labels.index_select(0, indices))
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        scaler.step(optimizer)
        scaler.update()

    return step


def time_loader_loop(config: Config, num_workers: int) -> float:
    """Seconds per update of the loop in most tutorials, over one epoch: torchvision, DataLoader, `loss.item()`."""
    device = select_device(config.trainer.device)
    model, optimizer = _build_like_trainer(config, device)
    loader = _build_loader(config, num_workers, pin_memory=device.type == "cuda")
    autocast, scaler = _build_amp(config, device)
    model.train()
    running_loss = 0.0
    _synchronize(device)
    start = time.perf_counter()
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        with autocast:
            loss = functional.cross_entropy(model(images), labels)
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        scaler.step(optimizer)
        scaler.update()
        running_loss += loss.item()
    _synchronize(device)
    return (time.perf_counter() - start) / len(loader)


LOOPS: dict[str, Loop] = {
    THIS_TRAINER: time_trainer,
    BARE_LOOP: time_bare_loop,
    "DataLoader loop, 0 workers": partial(time_loader_loop, num_workers=0),
    "DataLoader loop, 2 workers": partial(time_loader_loop, num_workers=2),
}


def _build_loader(config: Config, num_workers: int, *, pin_memory: bool) -> DataLoader[tuple[torch.Tensor, int]]:
    source = dataset_class(config.data.source)
    transforms = import_torchvision("torchvision.transforms")
    normalize = transforms.Normalize((config.data.mean,), (config.data.std,))
    transform = transforms.Compose([transforms.ToTensor(), normalize])
    dataset = source(config.data.root, train=True, download=True, transform=transform)
    return DataLoader(dataset, config.batch_size, shuffle=True, num_workers=num_workers, pin_memory=pin_memory)


def _build_like_trainer(config: Config, device: torch.device) -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    """The model and the optimizer with the trainer's kernels and memory format."""
    return build_model_and_optimizer(config, device, select_precision(config.trainer.precision, device))


def _build_amp(config: Config, device: torch.device) -> tuple[torch.autocast, torch.amp.GradScaler]:
    precision = select_precision(config.trainer.precision, device)
    dtype = precision.autocast_dtype
    autocast = torch.autocast(device.type, dtype=dtype, enabled=dtype is not None)
    return autocast, torch.amp.GradScaler(device.type, enabled=precision.scales_gradients)


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
