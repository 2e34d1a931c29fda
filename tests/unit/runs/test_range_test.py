"""`optimizer.lr=auto`: one range test per setting, made before the run is composed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch

from src.config.schema import Config
from src.errors import UsageError
from src.runs import range_test
from src.runs.range_test import find_lr, resolve_lr
from src.runs.run import run
from src.sweeps.plan import make_plan
from src.training.lr_finder import RangeTest, rates
from tests.conftest import make_config, small_config

DIGITS = ["data=digits", "model=mlp", "model.dropout=0.3", "batch_size=64"]
AUTO = [*DIGITS, "optimizer.lr=auto"]


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    range_test._peak_lr.cache_clear()
    yield
    range_test._peak_lr.cache_clear()


@pytest.fixture
def tests_made(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """The configs that were tested; each test suggests 0.05."""
    configs: list[Config] = []

    def recorded(config: Config, lrs: Sequence[float]) -> RangeTest:
        configs.append(config)
        losses = [2.0 - 0.01 * step for step in range(30)]
        return RangeTest(rates(1e-3, 1, 30), losses, losses)

    monkeypatch.setattr(range_test, "find_lr", recorded)
    return configs


def test_auto_becomes_the_suggestion_of_a_range_test() -> None:
    resolved = resolve_lr([*AUTO, "scheduler=cyclic", "seed=4"])
    (csv,) = Path("outputs/lr_find/digits/mlp/sgd").glob("auto-*.csv")
    suggestion = RangeTest.read_csv(csv).suggestion()
    expected = find_lr(make_config(*DIGITS), rates()).suggestion()  # with seed 0, whatever the run's seed is
    assert suggestion == expected
    assert resolved == [*DIGITS, f"optimizer.lr={suggestion:g}", "scheduler=cyclic", "seed=4", "lr_requested=auto"]


def test_impossible_run_is_refused_before_the_test(tests_made: list[Config]) -> None:
    with pytest.raises(UsageError, match="interval=step"):
        resolve_lr([*AUTO, "scheduler=plateau", "interval=step"])
    assert tests_made == []


def test_impossible_run_of_a_sweep_is_refused_before_the_first_test(tests_made: list[Config]) -> None:
    with pytest.raises(UsageError, match="interval=step"):
        make_plan([*AUTO, "scheduler=step,plateau", "interval=step", "seed=0,1", "hydra.sweep.dir=sweep"])
    assert tests_made == []


def test_overrides_without_auto_stay_as_they_are(tests_made: list[Config]) -> None:
    assert resolve_lr([*DIGITS, "optimizer.lr=0.1"]) == [*DIGITS, "optimizer.lr=0.1"]
    assert tests_made == []


def test_seeds_schedules_and_lengths_share_one_test(tests_made: list[Config]) -> None:
    variants = ["seed=1", "scheduler=one_cycle", "epochs=9", "averaging=ema", "warmup=0.1", "interval=epoch"]
    resolved = [resolve_lr([*AUTO, variant]) for variant in variants]
    assert len(tests_made) == 1
    assert len({next(line for line in lines if line.startswith("optimizer.lr=")) for lines in resolved}) == 1


@pytest.mark.parametrize("variant", ["optimizer=adamw", "batch_size=32", "model.dropout=0.1", "optimizer.momentum=0.5"])
def test_other_settings_are_tested_separately(variant: str, tests_made: list[Config]) -> None:
    resolve_lr(AUTO)
    resolve_lr([*AUTO, variant])
    assert len(tests_made) == 2


def test_a_test_on_disk_is_reused_by_a_new_process(tests_made: list[Config]) -> None:
    first = resolve_lr(AUTO)
    range_test._peak_lr.cache_clear()
    assert resolve_lr(AUTO) == first
    assert len(tests_made) == 1


def test_an_edited_test_on_disk_is_kept_aside_and_made_again(
    tests_made: list[Config], capsys: pytest.CaptureFixture[str]
) -> None:
    first = resolve_lr(AUTO)
    (csv,) = Path("outputs/lr_find/digits/mlp/sgd").glob("auto-*.csv")
    edited = csv.read_text().replace("1.0,1.71,1.71", "50.0,0.1,0.1")
    assert edited != csv.read_text()
    csv.write_text(edited)
    range_test._peak_lr.cache_clear()
    assert resolve_lr(AUTO) == first
    assert len(tests_made) == 2
    aside = csv.with_suffix(".damaged.csv")
    assert f"{csv} does not match its digest, {csv.name}.sha256; kept as {aside.name}" in capsys.readouterr().out
    assert aside.read_text() == edited
    range_test._peak_lr.cache_clear()
    assert resolve_lr(AUTO) == first
    assert len(tests_made) == 2


def test_a_resolved_run_equals_a_run_at_that_number(tmp_path: Path, tests_made: list[Config]) -> None:
    auto = run(make_config(*resolve_lr([*AUTO, "scheduler=cyclic", "epochs=1"])), tmp_path / "auto", show="nothing")
    number = make_config(*DIGITS, f"optimizer.lr={auto.lr}", "scheduler=cyclic", "epochs=1")
    plain = run(number, tmp_path / "number", show="nothing")
    assert (auto.lr_requested, plain.lr_requested) == ("auto", None)
    assert (auto.test_loss, auto.train_loss) == (plain.test_loss, plain.train_loss)
    assert auto.config_hash == plain.config_hash


def test_an_invalid_config_is_refused_before_the_test() -> None:
    with pytest.raises(UsageError, match="batch_size=0"):
        resolve_lr([*AUTO, "batch_size=0"])
    assert not Path("outputs").exists()


def test_a_range_test_leaves_the_global_generator_unchanged() -> None:
    before = torch.get_rng_state()
    find_lr(small_config("model=mlp", "model.dropout=0.3"), rates(1e-4, 1.0, 40))
    assert torch.equal(torch.get_rng_state(), before)
