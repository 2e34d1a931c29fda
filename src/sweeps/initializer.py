"""What every worker of joblib does first, before it knows of any job. Imports little."""

from __future__ import annotations

from src.sweeps.devices import claim_gpu
from src.sweeps.orphans import end_with_main_process


def initialize_worker() -> None:
    end_with_main_process()
    claim_gpu()
