"""How fast the trainer is: against a bare loop (the limit) and against the customary DataLoader loop.

Every round trains the same model, optimizer and batch size each way, one after the other in rotating order: three
epochs (`epochs=3`), the customary loop one. What is compared is the time of an update within a round, and what is
printed are medians over the rounds. Evaluation counts in none of them; this trainer's time includes all its logging,
its event file and its checkpoints.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader

from src.config import CONF
from src.config.compose import load_config
from src.config.schema import Config
from src.data import dataset as data
from src.data.fallback import resolve_dataset
from src.data.torchvision import dataset_class, import_torchvision
from src.errors import UsageError, refuse
from src.models.build import build_model
from src.optimizers.build import build_optimizer
from src.runs.build import build_trainer
from src.training.device import device_name, select_device, select_precision
from src.training.metrics import Metrics, Outcome

Way = Callable[[Config], float]
DEFAULTS = {"model": "mlp", "epochs": 3}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as `python -m src.train` takes them")
    arguments = parser.parse_intermixed_args()
    try:
        overrides = resolve_dataset(arguments.overrides)
        given = {line.partition("=")[0] for line in overrides}
        defaults = [f"{key}={value}" for key, value in DEFAULTS.items() if key not in given]
        with initialize_config_dir(str(CONF), version_base="1.3"):
            run = load_config(compose("train", [*defaults, *overrides]))
        if arguments.rounds < 1:
            raise UsageError(f"--rounds {arguments.rounds}: must be a whole number from 1")
        if not run.data.archives:
            raise UsageError(f"data={run.data.name}: the customary loop needs a data set of torchvision")
        report(run, measure(run, arguments.rounds))
    except (UsageError, HydraException) as error:
        sys.exit(refuse(error))


def measure(run: Config, rounds: int) -> dict[str, list[float]]:
    """Milliseconds an update, for each way a value a round; a first round that warms everything up is dropped."""
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    names = list(WAYS)
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            seconds[name].append(1000 * WAYS[name](run))
    return {name: values[1:] for name, values in seconds.items()}


def report(run: Config, milliseconds: dict[str, list[float]]) -> None:
    device = select_device(run.trainer.device)
    precision = select_precision(run.trainer.precision, device).name
    table = Table(title=f"{run.model['name']}, {run.optimizer['name']}, batch {run.batch_size}, {precision}, "
                        f"{device_name(device)}, {torch.get_num_threads()} CPU threads")  # fmt: skip
    for column in ("loop", "ms an update", "of the bare loop's time", "this trainer is faster by"):
        table.add_column(column, justify="left" if column == "loop" else "right")
    ours, bare = milliseconds["this trainer"], milliseconds["bare loop"]
    for name, values in milliseconds.items():
        to_bare = statistics.median(value / limit for value, limit in zip(values, bare, strict=True))
        to_ours = statistics.median(value / own for value, own in zip(values, ours, strict=True))
        table.add_row(name, f"{statistics.median(values):.3f}", f"{to_bare:.2f}", f"{to_ours:.2f} x")
    Console(width=120).print(table)


def this_trainer(run: Config) -> float:
    """Seconds an update, everything that a run does but evaluation included."""
    with tempfile.TemporaryDirectory() as folder:
        trainer = build_trainer(run, Path(folder))
        trainer.evaluate = lambda split: Metrics(0.0, 0.0)  # type: ignore[method-assign]
        start = time.perf_counter()
        trainer.callbacks.run_start(trainer)  # what `fit` does, without reading and testing on the test set
        outcome = Outcome(trainer.train(), None)
        trainer.callbacks.run_end(trainer, outcome)
        return (time.perf_counter() - start) / trainer.progress.step


def bare_loop(run: Config) -> float:
    """Seconds an update of the shortest loop there is over tensors in memory: no schedule, no metrics, no logging."""
    device, model, optimizer = _parts(run)
    dataset = data.load(run.data, device)
    autocast, scaler = _amp(run, device)
    mean, scale = 255 * run.data.mean, 1 / (255 * run.data.std)
    model.train()
    _synchronize(device)
    start = time.perf_counter()
    for _ in range(run.epochs):
        order = torch.randperm(len(dataset.train)).to(device)
        for chosen in torch.split(order, run.batch_size):
            images = dataset.train.images.index_select(0, chosen).to(torch.float32).sub_(mean).mul_(scale)
            with autocast:
                loss = functional.cross_entropy(model(images), dataset.train.labels.index_select(0, chosen))
            optimizer.zero_grad(set_to_none=True)
            scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            scaler.step(optimizer)
            scaler.update()
    _synchronize(device)
    return (time.perf_counter() - start) / (run.epochs * run.updates_per_epoch)


def customary_loop(run: Config, num_workers: int) -> float:
    """Seconds an update of the tutorials' loop: torchvision's data set and transforms, a DataLoader, `loss.item()`."""
    device, model, optimizer = _parts(run)
    source = dataset_class(run.data.source)
    transforms = import_torchvision("torchvision.transforms")
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((run.data.mean,), (run.data.std,))])
    dataset = source(run.data.root, train=True, download=True, transform=transform)
    loader = DataLoader(
        dataset, run.batch_size, shuffle=True, num_workers=num_workers, pin_memory=device.type == "cuda"
    )
    autocast, scaler = _amp(run, device)
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


WAYS: dict[str, Way] = {
    "this trainer": this_trainer,
    "bare loop": bare_loop,
    "customary loop, 0 workers": lambda run: customary_loop(run, 0),
    "customary loop, 2 workers": lambda run: customary_loop(run, 2),
}


def _parts(run: Config) -> tuple[torch.device, nn.Module, torch.optim.Optimizer]:
    """The same model and optimizer as the trainer's, kernels and memory format included."""
    device = select_device(run.trainer.device)
    model = build_model(run.model, run.seed).to(device)
    if run.trainer.channels_last:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return device, model, build_optimizer(run.optimizer, model.parameters(), fused=run.trainer.fused)


def _amp(run: Config, device: torch.device) -> tuple[torch.autocast, torch.amp.GradScaler]:
    precision = select_precision(run.trainer.precision, device)
    dtype = precision.autocast_dtype
    autocast = torch.autocast(device.type, dtype=dtype, enabled=dtype is not None)
    return autocast, torch.amp.GradScaler(device.type, enabled=precision.scales_gradients)


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
