"""The cost of a report of a made-up sweep in the shape of `strict`: `python -m tests.synthetic 1000 3000 9680`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import ROOT, environment
from tests.strict_sweep import runs_per_seed, strict, write_sweep

# A small process starts the report, because the peak memory of a process includes that of the process it is started by.
MEASURE = """
import resource, subprocess, sys, time
started = time.perf_counter()
subprocess.run([sys.executable, *sys.argv[1:]], check=True, stdout=subprocess.DEVNULL)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""


def report_cost(folder: Path) -> tuple[float, float, float]:
    """Wall-clock seconds, CPU seconds and peak memory in MiB of `scripts/report.py`."""
    command = [sys.executable, "-c", MEASURE, ROOT / "scripts" / "report.py", folder]
    result = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, check=True)
    seconds, cpu, memory = map(float, result.stdout.split())
    return seconds, cpu, memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="+", type=int, help="number of records, rounded to whole seeds")
    print("records  seconds    CPU s      MiB  ms/record")
    for count in parser.parse_args().counts:
        with tempfile.TemporaryDirectory() as folder:
            num_runs = write_sweep(strict(max(1, round(count / runs_per_seed(strict(1))))), Path(folder))
            seconds, cpu, memory = report_cost(Path(folder))
        print(f"{num_runs:7}  {seconds:7.1f}  {cpu:7.1f}  {memory:7.0f}  {1000 * seconds / num_runs:9.2f}", flush=True)


if __name__ == "__main__":
    main()
