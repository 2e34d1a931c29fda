"""Finished records that were made under other conditions are refused, with the remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from src.errors import FolderTakenError
from src.runs.conditions import check_conditions
from src.runs.record import write_record
from src.runs.run import run
from tests.unit.analysis.conftest import GPU, PROVENANCE, config_of, record_of


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        (GPU, "device type cuda (this command: cpu), precision bf16 (this command: fp32)"),
        ({"precision": "bf16"}, "finished with precision bf16 (this command: fp32);"),
        ({"validation_examples": "aaaa"}, "validation set aaaa (this command: "),
    ],
)
def test_record_of_other_conditions_is_refused_and_kept(
    tmp_path: Path, changes: dict[str, Any], difference: str
) -> None:
    path = write_record(record_of(config_of(), **changes), tmp_path)
    before = path.read_bytes()
    with pytest.raises(FolderTakenError) as error:
        run(config_of(), tmp_path)
    assert difference in str(error.value)
    assert "choose another folder (hydra.run.dir=DIR; for a sweep name=NAME" in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert path.read_bytes() == before


@pytest.mark.parametrize("entry", ["num_threads", "num_workers"])
def test_threads_and_workers_count_for_time_budgets_only(tmp_path: Path, entry: str) -> None:
    budget = ("seconds=5", "interval=second")
    for overrides in ((), budget):
        config = config_of("trainer.num_threads=1", *overrides)
        check_conditions(record_of(config), config, tmp_path, num_workers=2)
        other = record_of(config, provenance=PROVENANCE | {entry: 4})
        if overrides == budget:
            with pytest.raises(FolderTakenError, match=rf"{entry[4:]} 4 \(this command: "):
                check_conditions(other, config, tmp_path, num_workers=2)
        else:
            check_conditions(other, config, tmp_path, num_workers=2)


def test_unknown_conditions_are_accepted(tmp_path: Path) -> None:
    config = config_of("seconds=5", "interval=second")
    unknown = {"device_type": None, "precision": None, "validation_examples": None, "provenance": {}}
    check_conditions(record_of(config, **unknown), config, tmp_path, num_workers=2)
    check_conditions(record_of(config), config, tmp_path, num_workers=None)


def test_finished_run_needs_no_gpu(tmp_path: Path) -> None:
    config = config_of("trainer.device=cuda")  # part of the identity: the record is of a GPU run
    record = record_of(config, **GPU)
    write_record(record, tmp_path)
    assert run(config, tmp_path) == record
