"""Starts TensorBoard with short names for the runs: what differs between them."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from src.analysis.run_links import RunLinks
from src.errors import EXIT_INTERRUPTED, ArgumentParser, UsageError, ending_in_one_line

EPILOG = (
    "Other options are passed on to TensorBoard; write their values after =, as in --samples_per_plugin=images=50. "
    "New runs appear while it is open."
)
REFRESH_SECONDS = 15


def main() -> None:
    folder, options = parse(sys.argv[1:])
    with ending_in_one_line():
        show(folder, options)


def parse(arguments: Sequence[str]) -> tuple[Path, list[str]]:
    """The folder, and the options for TensorBoard."""
    parser = ArgumentParser(description=__doc__, epilog=EPILOG, allow_abbrev=False)
    parser.add_argument(
        "folder", nargs="?", default="outputs", metavar="DIR", help="folder of a sweep or of runs (default: outputs)"
    )
    parser.add_argument("--port", type=int, metavar="N", help="port of TensorBoard (default: 6006)")
    parser.add_argument("--host", metavar="NAME", help="address to listen on (default: localhost)")
    known, options = parser.parse_known_intermixed_args(arguments)
    values = {"--port": known.port, "--host": known.host}
    return Path(known.folder), [*(f"{flag}={value}" for flag, value in values.items() if value is not None), *options]


def show(folder: Path, options: Sequence[str]) -> None:
    """Runs TensorBoard until it ends or is ended.

    Raises:
        UsageError: there is no such folder.
    """
    if not folder.is_dir():
        hint = f"; write {options[-1]}={folder} if it belongs to that option" if _takes_value(options) else ""
        raise UsageError(f"no such folder: {folder}; train first, or name the folder of a sweep or of runs{hint}")
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


def _takes_value(options: Sequence[str]) -> bool:
    """Whether the last option may have been meant to have a value."""
    return bool(options) and options[-1].startswith("--") and "=" not in options[-1]


def _wait(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(REFRESH_SECONDS)
