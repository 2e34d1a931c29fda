"""The conditions of a run that its config leaves open, and the refusal of results obtained under others."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from src.config.schema import Config
from src.data.dataset import validation_set
from src.errors import FolderTakenError, UsageError
from src.runs.record import OTHER_FOLDER, RunRecord
from src.training.device import select_device, select_precision


def check_conditions(record: RunRecord, config: Config, folder: Path, num_workers: int | None) -> None:
    """Checks that the record in a folder could be that of the run if it were started here and now.

    Args:
        record: A finished record of the run.
        config: The run.
        folder: Where the record is.
        num_workers: How many runs would train at the same time; None if unknown.

    Raises:
        FolderTakenError: device type, precision, validation set or, for a time budget, threads or workers differ.
    """
    expected, recorded = _expected(config, num_workers), _recorded(record)
    differences = [
        f"{name} {recorded[name]} (this command: {value})"
        for name, value in expected.items()
        if None not in (value, recorded[name]) and value != recorded[name]
    ]
    if differences:
        raise FolderTakenError(
            f"{folder} holds this run, finished with {', '.join(differences)}; such results are not comparable and are "
            f"not overwritten; {OTHER_FOLDER}"
        )


def _expected(config: Config, num_workers: int | None) -> Mapping[str, object]:
    conditions: dict[str, object] = {}
    with suppress(UsageError):  # a GPU that the config names and this machine lacks: a finished run does not need it
        device = select_device(config.trainer.device)
        conditions["device type"] = device.type
        conditions["precision"] = select_precision(config.trainer.precision, device).name
    conditions["validation set"] = validation_set(config.data)
    if config.seconds is not None:
        conditions |= {"threads": config.trainer.num_threads, "workers": num_workers}
    return conditions


def _recorded(record: RunRecord) -> Mapping[str, object]:
    return {
        "device type": record.device_type,
        "precision": record.precision,
        "validation set": record.validation_examples,
        "threads": record.provenance.get("num_threads"),
        "workers": record.provenance.get("num_workers"),
    }
