"""Starts TensorBoard with short names for the runs: what differs between them."""

from __future__ import annotations

import argparse
import contextlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from src.analysis.run_links import RunLinks
from src.errors import EXIT_INTERRUPTED, UsageError, ending_in_one_line

EPILOG = "Other options are those of TensorBoard, for example --port 6007. New runs appear while it is open."
REFRESH_SECONDS = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, epilog=EPILOG)
    parser.add_argument(
        "folder", nargs="?", default="outputs", metavar="DIR", help="folder of a sweep or of runs (default: outputs)"
    )
    arguments, options = parser.parse_known_args()
    with ending_in_one_line():
        show(Path(arguments.folder), options)


def show(folder: Path, options: Sequence[str]) -> None:
    """Runs TensorBoard until it ends or is ended."""
    if not folder.is_dir():
        raise UsageError(f"no such folder: {folder}; train first, or name the folder of a sweep or of runs")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_INTERRUPTED))  # ends TensorBoard, too
    with tempfile.TemporaryDirectory(prefix="tensorboard-") as links:
        runs = RunLinks(folder, Path(links))
        runs.update()
        with subprocess.Popen([sys.executable, "-m", "tensorboard.main", "--logdir", links, *options]) as process:
            try:
                while process.poll() is None:
                    _wait(process)
                    runs.update()
            finally:
                process.terminate()
    sys.exit(process.returncode)


def _wait(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(REFRESH_SECONDS)
