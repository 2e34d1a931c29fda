"""Synthetic sweeps, and the cost of a report of one: `python -m tests.synthetic 1000 3000 10000`."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from src.config.schema import Config
from tests.conftest import ROOT, environment, small_config
from tests.unit.analysis.conftest import record_of, write_run

SCHEDULERS = (
    "constant", "cosine", "cosine_restarts", "exponential", "linear", "one_cycle", "plateau", "rex", "step", "wsd",
)  # fmt: skip
BUDGETS = (2, 3)
LRS = (0.01, 0.02, 0.04, 0.08, 0.16)
FIRST_TUNING_SEED = 1000


def make_sweep(folder: Path, count: int) -> int:
    """Writes about `count` runs of a protocol: half are tuning runs at five learning rates, one in fifty diverged.

    Returns:
        The number of runs.
    """
    rng = random.Random(0)
    num_seeds = max(1, round(count / (len(SCHEDULERS) * len(BUDGETS) * 2 * len(LRS))))
    num_runs = 0
    for scheduler in SCHEDULERS:
        for epochs in BUDGETS:
            base = small_config(f"scheduler={scheduler}", f"epochs={epochs}")
            tuning = [(lr, seed + FIRST_TUNING_SEED, False) for lr in LRS for seed in range(num_seeds)]
            evaluation = [(LRS[2], seed, True) for seed in range(len(LRS) * num_seeds)]
            for lr, seed, read_test in tuning + evaluation:
                config = replace(base, seed=seed, read_test=read_test, optimizer={**base.optimizer, "lr": lr})
                _write(config, folder / "runs" / str(num_runs), rng)
                num_runs += 1
    return num_runs


def _write(config: Config, folder: Path, rng: random.Random) -> None:
    distance = abs(config.optimizer["lr"] - LRS[2])
    status = "diverged" if rng.random() < 0.02 else "completed"
    loss = 0.3 + distance + 0.01 * rng.random()
    write_run(record_of(config, accuracy=0.95 + 0.02 * rng.random(), val_loss=loss, status=status), folder)


def report_cost(folder: Path) -> tuple[float, float, float]:
    """Wall-clock seconds, CPU seconds and peak memory in MiB of `scripts/report.py`."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, ROOT / "scripts" / "report.py", folder], env=environment(), stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the report exited with status {status}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="+", type=int, help="number of records")
    print("records  seconds    CPU s      MiB  ms/record")
    for count in parser.parse_args().counts:
        with tempfile.TemporaryDirectory() as folder:
            num_runs = make_sweep(Path(folder), count)
            seconds, cpu, memory = report_cost(Path(folder))
        print(f"{num_runs:7}  {seconds:7.1f}  {cpu:7.1f}  {memory:7.0f}  {1000 * seconds / num_runs:9.2f}", flush=True)


if __name__ == "__main__":
    main()
