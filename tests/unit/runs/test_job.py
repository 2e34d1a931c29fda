"""The last lines of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from src.runs.job import log_outcome
from tests.unit.analysis.conftest import config_of, record_of


def test_large_losses_are_short(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="src.runs.job")
    record = replace(record_of(config_of("scheduler=constant")), test_accuracy=0.1, test_loss=9325066058926.1133)
    record = replace(record, averaged_test_accuracy=0.9, averaged_test_loss=0.25, train_seconds=1.5)
    log_outcome(record, "[1] ")
    assert caplog.messages == [
        "[1] test accuracy 10.00%, test loss 9.33e+12, 1.5 s of training",
        "[1] averaged weights: test accuracy 90.00%, test loss 0.2500",
    ]
    caplog.clear()
    log_outcome(replace(record, status="completed", test_accuracy=None, val_accuracy=0.5, val_loss=1e9))
    assert caplog.messages == ["validation accuracy 50.00%, validation loss 1e+09, not tested"]
