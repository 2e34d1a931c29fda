"""Times this trainer against a bare loop (the limit) and against the usual DataLoader loop.

Every round trains the same model, optimizer and batch size in every loop, in rotated order. Loops run for three epochs
(`epochs=3`), the DataLoader loop for one. Times per update are compared within a round; the table shows medians over
the rounds. No loop evaluates; this trainer's time includes its logs, its event file and its checkpoints.

--lockstep shows how much faster runs are that share their passes, for each model and number of runs.
--startup times whole commands that train next to nothing, as multiples of `import torch`.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from src.announce import announcing
from src.commands.help_text import HelpFormatter
from src.config.compose import composed, composing, load_config
from src.config.flags import add_config_dir, with_config_dir
from src.data.fallback import resolve_dataset
from src.errors import ArgumentParser, UsageError, ending_in_one_line
from src.user_modules import find_user_modules

if TYPE_CHECKING:
    from src.config.schema import Config

DEFAULTS = {"model": "mlp", "epochs": 3}


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=HelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="number of rounds (default: 7)")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--lockstep", action="store_true", help="time runs in lockstep against the bare loop")
    kinds.add_argument("--startup", action="store_true", help="time the fixed costs of commands; takes no overrides")
    add_config_dir(parser)
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="any override of `python -m src.train` but experiment="
    )
    arguments = parser.parse_intermixed_args()
    with ending_in_one_line():
        find_user_modules()
        if arguments.startup:
            startup(arguments.rounds, arguments.overrides)
            return
        overrides = resolve_dataset(with_config_dir(arguments.config_dir, arguments.overrides))
        (lockstep if arguments.lockstep else loops)(arguments.rounds, overrides)


def loops(rounds: int, overrides: Sequence[str]) -> None:
    """Times and prints the training loops."""
    config = _config(overrides)
    with announcing("loading torch"):
        from src.runs.speed import BARE_LOOP, THIS_TRAINER, compare_loops

    seconds = compare_loops(config, rounds)
    table = Table(title=_setting(config))
    for column in ("loop", "ms per update", "relative to the bare loop", "speedup of this trainer"):
        table.add_column(column, justify="left" if column == "loop" else "right")
    for name, times in seconds.items():
        to_bare = _median_ratio(times, seconds[BARE_LOOP])
        speedup = _median_ratio(times, seconds[THIS_TRAINER])
        table.add_row(name, f"{1000 * statistics.median(times):.3f}", f"{to_bare:.2f}", f"{speedup:.2f} x")
    Console(width=120).print(table)


def lockstep(rounds: int, overrides: Sequence[str]) -> None:
    """Times and prints the chosen model in lockstep, or all models that can be trained so."""
    with announcing("loading torch"):
        import torch

        from src.runs.pack_speed import SIZES, pack_speedups
        from src.sweeps.packs import STACKED

    is_chosen = any(line.startswith("model=") for line in overrides)
    configs = [_config(overrides, {"model": name}) for name in (STACKED[:1] if is_chosen else STACKED)]
    speedups = {config.model["name"]: pack_speedups(config, rounds) for config in configs}
    table = Table(title=f"updates per second, relative to the bare loop, {torch.get_num_threads()} CPU threads")
    table.add_column("model")
    for size in SIZES:
        table.add_column(f"{size} in lockstep" if size > 1 else "this trainer", justify="right")
    for name, ratios in speedups.items():
        table.add_row(name, *(f"{ratios[size]:.2f}" for size in SIZES))
    Console(width=120).print(table)


def startup(rounds: int, overrides: Sequence[str]) -> None:
    """Times and prints the fixed costs of commands.

    Raises:
        UsageError: there are overrides, which nothing would use.
    """
    if overrides:
        raise UsageError(
            f"{overrides[0]}: --startup times fixed commands and takes no overrides; leave one of them out"
        )
    with announcing("loading torch"):
        from src.runs.startup import BASELINE, time_commands

    seconds = time_commands(rounds)
    table = Table(title=f"Fixed costs, medians of {rounds} rounds")
    for column in ("command", "seconds", f"relative to {BASELINE}"):
        table.add_column(column, justify="left" if column == "command" else "right")
    for name, times in seconds.items():
        ratio = _median_ratio(times, seconds[BASELINE])
        table.add_row(name, f"{statistics.median(times):.2f}", f"{ratio:.2f}")
    Console(width=120).print(table)


def _config(overrides: Sequence[str], defaults: Mapping[str, object] = DEFAULTS) -> Config:
    keys = {line.partition("=")[0] for line in overrides}
    chosen = [f"{key}={value}" for key, value in defaults.items() if key not in keys]
    with composing():
        return load_config(composed([*chosen, *overrides]))


def _setting(config: Config) -> str:
    """What was timed, and where."""
    import torch

    from src.training.device import device_name, select_device, select_precision

    device = select_device(config.trainer.device)
    precision = select_precision(config.trainer.precision, device).name
    names = [config.model["name"], config.optimizer["name"], f"batch {config.batch_size}", precision]
    return ", ".join([*names, device_name(device), f"{torch.get_num_threads()} CPU threads"])


def _median_ratio(times: list[float], baseline: list[float]) -> float:
    return statistics.median(time / base for time, base in zip(times, baseline, strict=True))
