"""Labels of settings: everything that distinguishes a setting is in its label, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from src.analysis.collect import collect
from src.analysis.labels import display_names, tuned_names
from tests.unit.analysis.conftest import MakeRun


def labels(folder: Path) -> set[str]:
    return set(collect([folder / "sweep"]).runs["label"])


def names(folder: Path) -> pd.Series:
    return display_names(collect([folder / "sweep"]).runs)


def test_label_has_the_parameters_in_which_settings_of_one_schedule_differ(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", "scheduler.gamma=0.5")
    make_run("scheduler=step", "scheduler.gamma=0.1", "optimizer.lr=0.2")
    make_run("scheduler=cosine")
    make_run("scheduler=cosine", "optimizer.lr=0.1")  # lr has its own column
    assert labels(tmp_path) == {"step (gamma=0.5)", "step (gamma=0.1)", "cosine"}


def test_parameter_that_scales_with_the_peak_is_not_a_difference(make_run: MakeRun, tmp_path: Path) -> None:
    for lr in (0.1, 0.3):
        make_run("scheduler=plateau", f"optimizer.lr={lr}", f"scheduler.min_lr={lr / 8}")
    assert labels(tmp_path) == {"plateau"}
    make_run("scheduler=plateau", "optimizer.lr=0.3", "scheduler.min_lr=0.003")
    assert labels(tmp_path) == {"plateau (min_lr=0.125·lr)", "plateau (min_lr=0.01·lr)"}


def test_label_has_other_differences_between_schedules(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=constant", "optimizer.weight_decay=0.0")
    make_run("scheduler=cosine", "optimizer.weight_decay=0.01")
    assert labels(tmp_path) == {"constant (optimizer.weight_decay=0.0)", "cosine (optimizer.weight_decay=0.01)"}


def test_label_leaves_out_the_value_of_most_settings(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "cosine", "step"):
        make_run(f"scheduler={scheduler}")
    make_run("scheduler=swa")  # turns averaging on
    assert labels(tmp_path) == {"constant", "cosine", "step", "swa (averaging=swa)"}


def test_label_names_averaging_even_if_most_settings_average(make_run: MakeRun, tmp_path: Path) -> None:
    for averaging in ("none", "swa", "ema"):
        make_run(f"averaging={averaging}")
    make_run("averaging=ema", "optimizer.lr=0.2")
    make_run("averaging=ema", "optimizer.lr=0.3")
    assert labels(tmp_path) == {"constant", "constant (averaging=swa)", "constant (averaging=ema)"}


def test_config_group_stands_for_its_parameters_unless_they_differ(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "cosine", "step"):
        make_run(f"scheduler={scheduler}")
    make_run("averaging=swa")
    assert labels(tmp_path) == {"constant", "cosine", "step", "constant (averaging=swa)"}
    make_run("averaging=swa", "averaging.start=0.5")
    names = {"constant (averaging=swa, averaging.start=0.5)", "constant (averaging=swa, averaging.start=0.75)"}
    assert labels(tmp_path) == {"constant", "cosine", "step", *names}


def test_label_is_the_same_at_every_rate_of_a_grid(make_run: MakeRun, tmp_path: Path) -> None:
    for decay, rates in ((0.99, (0.1, 0.3, 1.0)), (0.999, (0.03, 0.1, 0.3))):
        for lr in rates:
            make_run("averaging=ema", f"averaging.decay={decay}", f"optimizer.lr={lr}")
    make_run("optimizer.lr=0.1")
    names = {f"constant (averaging.decay={decay}, averaging=ema)" for decay in (0.99, 0.999)}
    assert labels(tmp_path) == {"constant", *names}


def test_label_names_callbacks_like_a_config_group(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "step", "cosine"):
        make_run(f"scheduler={scheduler}", "+callbacks=mlflow")
    assert labels(tmp_path) == {"constant", "step", "cosine"}
    make_run("scheduler=cosine")
    assert labels(tmp_path) == {f"{name} (callbacks=mlflow)" for name in ("constant", "step", "cosine")} | {"cosine"}


def test_label_has_a_key_that_only_other_settings_lack(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "step", "cosine"):
        make_run(f"scheduler={scheduler}", "+optimizer.maximize=false")
    make_run("scheduler=cosine")
    assert labels(tmp_path) == {"constant", "step", "cosine", "cosine (optimizer.maximize=none)"}


def test_label_has_a_class_that_is_the_only_difference(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("+callbacks.log._target_=src.callbacks.MLflow")
    make_run("+callbacks.log._target_=src.callbacks.MLflow", "scheduler=step")
    make_run("+callbacks.log._target_=src.callbacks.WandB")
    assert labels(tmp_path) == {"constant", "step", "constant (callbacks.log._target_=WandB)"}


def test_settings_that_read_the_same_get_digits_of_their_digest(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("+optimizer.eps=1")
    make_run("+optimizer.eps=1.0")
    make_run("scheduler=cosine", "+optimizer.eps=1")
    first, second, third = sorted(labels(tmp_path))
    assert first != second
    assert first.startswith("constant #")
    assert second.startswith("constant #")
    assert third == "cosine"


def test_labels_compare_settings_of_one_workload_only(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", "scheduler.gamma=0.5")
    make_run("scheduler=step", "scheduler.gamma=0.1", "epochs=3")
    assert labels(tmp_path) == {"step"}


def test_name_has_the_warmup_and_only_if_that_is_not_enough_the_rate(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("optimizer.lr=0.1")
    make_run("optimizer.lr=0.2", "warmup=0.5")
    assert set(names(tmp_path)) == {"constant warmup=0", "constant warmup=0.5"}
    make_run("optimizer.lr=0.3", "warmup=0.5")
    assert set(names(tmp_path)) == {"constant warmup=0", "constant lr=0.2 warmup=0.5", "constant lr=0.3 warmup=0.5"}
    make_run("scheduler=cosine")
    assert "cosine" in set(names(tmp_path))


def test_tuned_schedules_are_named_by_their_warmup_whatever_the_rate(make_run: MakeRun, tmp_path: Path) -> None:
    for lr in (0.1, 0.2):
        make_run(f"optimizer.lr={lr}")
        make_run(f"optimizer.lr={lr}", "warmup=0.5")
        make_run("scheduler=cosine", f"optimizer.lr={lr}")
    make_run("scheduler=cosine", "epochs=3", "warmup=0.5")  # another workload
    assert set(tuned_names(collect([tmp_path / "sweep"]).runs)) == {
        "constant warmup=0",
        "constant warmup=0.5",
        "cosine",
    }
