"""What every worker of joblib does first, before it knows of any job. Imports little: some workers never get one."""

from __future__ import annotations

import signal

from src.sweeps.devices import claim_gpu
from src.sweeps.orphans import end_with_main_process

MAX_GROWTH = 2 * 2**30  # bytes; about what a run takes


def initialize_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the main process too, which decides what follows
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # blocked while this process started
    end_with_main_process()
    claim_gpu()
    _allow_growth()


def _allow_growth() -> None:
    """Lets the worker grow by what a run takes.

    loky replaces a worker that has grown by 300 MB since its first call, which here is a check without any data.
    """
    from joblib.externals.loky import process_executor

    process_executor._MAX_MEMORY_LEAK_SIZE = MAX_GROWTH
