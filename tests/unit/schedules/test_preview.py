"""Curves traced without training."""

from __future__ import annotations

import pytest

from src.errors import UsageError
from src.schedules.preview import Curve, Preview, preview_schedules
from tests.unit.schedules.conftest import NAMES


def test_schedules_that_do_not_fit_are_left_out_of_all() -> None:
    preview = preview_schedules(["interval=second", "seconds=60", "batch_size=5000"])
    assert sorted(preview.refusals) == ["adaptive", "plateau"]
    assert [curve.scheduler for curve in preview.curves] == [name for name in NAMES if name not in preview.refusals]
    assert {(curve.length, curve.unit) for curve in preview.curves} == {(60.0, "second")}
    assert preview.title == "Learning rate over 60 seconds, peak 0.05"


def test_selected_schedule_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="plateau"):
        preview_schedules(["scheduler=cosine,plateau", "interval=second", "seconds=60", "batch_size=5000"])


def test_selected_schedules_share_the_updates_that_can_be_traced() -> None:
    with pytest.raises(UsageError, match=r"550,000 updates per schedule, .* at most 500,000; .*fewer schedules"):
        preview_schedules(["epochs=10", "batch_size=1", "scheduler=constant,step,cosine,linear"])


def test_placeholder_of_an_unknown_peak_is_one() -> None:
    overrides = ["scheduler=linear,cyclic", "optimizer.lr=auto", "warmup=0.5", "epochs=1", "batch_size=5000"]
    preview = preview_schedules(overrides)
    assert [curve.peak for curve in preview.curves] == [1.0, 1.0]
    title = "Learning rate over 1 epoch of mnist (11 updates), optimizer.lr=auto, drawn as 1, warmup 0.5"
    assert preview.title == title


def test_notes_name_the_schedules_they_apply_to() -> None:
    def notes(*pairs: tuple[str, str]) -> list[str]:
        curves = [Curve(name, [0.1], updates_per_epoch=1, peak=0.1, length=1, note=note) for name, note in pairs]
        return Preview("The title", curves, {}).notes

    assert notes(("step", "a"), ("cosine", ""), ("plateau", "b"), ("adaptive", "a")) == [
        "step, adaptive: a",
        "plateau: b",
    ]
    assert notes(("step", "a"), ("cosine", "a")) == ["all: a"]
    assert notes(("step", "a")) == ["step: a"]
