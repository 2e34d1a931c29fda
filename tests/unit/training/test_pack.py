"""Runs in lockstep against the same runs one by one, in float64: schedules, optimizers, failures and resuming."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from src.config.schema import Config, DataConfig
from src.data import dataset
from src.data.dataset import Dataset, Split
from src.runs.build import build_trainer
from src.signals import Stop
from src.training import checkpoint
from src.training.callbacks import Callback
from src.training.pack import End, Ended, Pack
from src.training.trainer import Trainer
from tests.conftest import ROOT, make_config
from tests.unit.training.conftest import CallAfter, StopAfter

# 36 training examples in batches of 8, two batches per update: three updates, the last of them with one batch of 4.
SHARED = (
    "data=digits", "data.num_train=66", "data.num_val=30", "data.num_test=30", "batch_size=8", "epochs=2",
    "trainer.accumulate_batches=2", "trainer.clip_grad_norm=1.0", "trainer.label_smoothing=0.1", "seed=3",
)  # fmt: skip
MODELS = {
    "softmax": (),
    "mlp": ("model.hidden=[12,8]", "model.dropout=0.3"),
    "mlp_bn": ("model.hidden=[12,8]",),
    "lenet": (),
    "cnn": (),
    "resnet": ("model.widths=[4,6]", "model.num_blocks=1"),
}
OPTIMIZERS = ["sgd", "nesterov", "adamw", "muon", "schedule_free_adamw"]
SCHEDULES = {
    "step": (),
    "plateau": (),
    "one_cycle": ("scheduler.cycle_momentum=false",),
    "swa": ("averaging.start=0.4",),
    "cosine": ("warmup=0.3",),
}
DIVERGING = ("scheduler=constant", "optimizer=sgd", "optimizer.lr=1e200", "optimizer.momentum=0")


@pytest.fixture(autouse=True)
def _tiny_data_in_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    normalized = Dataset.normalized
    monkeypatch.setattr(Dataset, "normalized", lambda data, images: normalized(data, images).double())
    monkeypatch.setattr(dataset, "load", tiny_data)
    monkeypatch.setattr(Dataset, "test", lambda data: data.val)


def tiny_data(config: DataConfig, device: torch.device) -> Dataset:
    """Noise, with a bright row that tells the class."""
    generator = torch.Generator().manual_seed(5)
    images = torch.randint(0, 120, (config.num_train, 1, 28, 28), dtype=torch.uint8, generator=generator)
    labels = torch.arange(config.num_train) % 10
    images[torch.arange(config.num_train), 0, 2 * labels] += 120
    train, val = Split(images[30:], labels[30:]), Split(images[:30], labels[:30])
    return Dataset(config, device, train, val, val_digest="0", mean=0.3, std=0.3)


def trainers(configs: Sequence[Config], folder: Path) -> list[Trainer]:
    """Trainers in float64; runs that were started in the folder before are resumed."""
    built = []
    for number, config in enumerate(configs):
        path = folder / str(number)
        path.mkdir(parents=True, exist_ok=True)
        built.append(build_trainer(config, path))
        built[-1].model.double()
        for state in built[-1].optimizer.state.values():  # of Adagrad, which has one from the start
            state |= {key: value.double() for key, value in state.items() if value.ndim > 0}
    for number, trainer in enumerate(built):
        checkpoint.resume(trainer, folder / str(number))
    return built


def one_by_one(configs: Sequence[Config], folder: Path) -> list[Trainer]:
    finished = []
    for number, config in enumerate(configs):
        (trainer,) = trainers([config], folder / f"single{number}")
        trainer.fit()
        finished.append(trainer)
    return finished


def in_lockstep(configs: Sequence[Config], folder: Path) -> tuple[list[Trainer], list[End]]:
    members = trainers(configs, folder)
    return members, list(Pack(members).fit())


def members_of(model: str, optimizers: Sequence[str], schedules: Sequence[str]) -> Iterator[Config]:
    for optimizer, schedule in zip(optimizers, schedules, strict=True):
        if not (model == "softmax" and optimizer == "muon"):  # it has no hidden weights
            averaging = ["averaging=none"] if optimizer.startswith("schedule_free") else SCHEDULES[schedule]
            extra = averaging if schedule == "swa" else SCHEDULES[schedule]
            overrides = (f"model={model}", *MODELS[model], f"optimizer={optimizer}", f"scheduler={schedule}", *extra)
            yield make_config(*SHARED, *overrides)


def assert_same(ours: Trainer, reference: Trainer) -> None:
    label = f"{ours.config.optimizer['name']} {ours.config.scheduler['name']}"
    state, expected = ours.model.state_dict(), reference.model.state_dict()
    for key in expected:
        torch.testing.assert_close(state[key], expected[key], rtol=0, atol=1e-9, msg=lambda text: f"{label}: {text}")
    assert len(ours.progress.history) == len(reference.progress.history)
    for row, other in zip(ours.progress.history, reference.progress.history, strict=True):
        assert row.train_loss == pytest.approx(other.train_loss, abs=1e-9, nan_ok=True)
        assert (row.epoch, row.step, row.lr, row.train_accuracy) == (
            other.epoch,
            other.step,
            other.lr,
            other.train_accuracy,
        )
    average, expected_average = ours.averaging.model, reference.averaging.model
    assert (average is None) == (expected_average is None)
    if average is not None and expected_average is not None:
        pairs = zip(average.parameters(), expected_average.parameters(), strict=True)
        assert all(torch.allclose(first, second, rtol=0, atol=1e-9) for first, second in pairs)


@pytest.mark.parametrize("model", [name for name in MODELS if name != "cnn"])  # eight seconds; among those below
def test_every_optimizer_and_schedule_trains_as_it_does_alone(model: str, tmp_path: Path) -> None:
    shift = list(MODELS).index(model)
    schedules = [list(SCHEDULES)[(number + shift) % 5] for number in range(5)]
    assert_trains_as_alone(list(members_of(model, OPTIMIZERS, schedules)), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("shift", range(5))
def test_every_combination_trains_as_it_does_alone(model: str, shift: int, tmp_path: Path) -> None:
    schedules = [list(SCHEDULES)[(number + shift) % 5] for number in range(5)]
    assert_trains_as_alone(list(members_of(model, OPTIMIZERS, schedules)), tmp_path)


def assert_trains_as_alone(configs: list[Config], folder: Path) -> None:
    pack, ends = in_lockstep(configs, folder)
    assert {end.outcome.status for end in ends} == {"completed"}
    for ours, reference in zip(pack, one_by_one(configs, folder), strict=True):
        assert_same(ours, reference)


@pytest.mark.parametrize("optimizer", sorted(path.stem for path in (ROOT / "conf" / "optimizer").glob("*.yaml")))
def test_optimizers_change_weights_in_place(optimizer: str, tmp_path: Path) -> None:
    configs = [make_config(*SHARED, "model=mlp_bn", *MODELS["mlp_bn"], f"optimizer={optimizer}", "epochs=1")] * 2
    _, ends = in_lockstep(configs, tmp_path)
    assert [end.outcome.status for end in ends] == ["completed"] * 2


def test_diverging_run_leaves_and_harms_no_other(tmp_path: Path) -> None:
    configs = [mlp("scheduler=step"), mlp(*DIVERGING), mlp("scheduler=cosine")]
    pack, ends = in_lockstep(configs, tmp_path)
    assert [(end.trainer, end.outcome.status) for end in ends] == [
        (pack[1], "diverged"), (pack[0], "completed"), (pack[2], "completed"),
    ]  # fmt: skip
    for ours, reference in zip(pack, one_by_one(configs, tmp_path), strict=True):
        if ours is not pack[1]:
            assert_same(ours, reference)
    assert pack[1].progress.epoch == 1


def test_failing_callback_fails_only_its_run(tmp_path: Path) -> None:
    class Fail(Callback):
        def on_step(self, trainer: Trainer) -> None:
            torch.rand(3)  # must not change the dropout masks of the others
            raise ValueError("mine")

    configs = [mlp("scheduler=step"), mlp("scheduler=cosine"), mlp()]
    pack = trainers(configs, tmp_path)
    pack[1].callbacks.add(Fail())
    ends = list(Pack(pack).fit())
    assert [(end.outcome.status, str(end.error)) for end in ends] == [
        ("failed", "mine"), ("completed", "None"), ("completed", "None"),
    ]  # fmt: skip
    for number in (0, 2):
        assert_same(pack[number], one_by_one(configs[number : number + 1], tmp_path / str(number))[0])


def test_pack_ends_if_all_of_its_runs_fail_at_their_start(tmp_path: Path) -> None:
    class Fail(Callback):
        def on_run_start(self, trainer: Trainer) -> None:
            raise OSError("no space")

    pack = trainers([mlp("scheduler=step"), mlp()], tmp_path)
    for trainer in pack:
        trainer.callbacks.add(Fail())
    assert [(end.outcome.status, str(end.error)) for end in Pack(pack).fit()] == 2 * [("failed", "no space")]


@pytest.mark.parametrize("updates", [2, 4])
@pytest.mark.parametrize("model", ["mlp", "mlp_bn", "resnet"])
def test_resumed_pack_equals_an_uninterrupted_one_bit_for_bit(model: str, updates: int, tmp_path: Path) -> None:
    configs = list(members_of(model, ["sgd", "muon", "schedule_free_adamw"], ["plateau", "swa", "cosine"]))
    configs.append(make_config(*SHARED, f"model={model}", *MODELS[model], *DIVERGING))
    whole, _ = in_lockstep(configs, tmp_path / "whole")
    first = trainers(configs, tmp_path / "parts")
    stop = Stop()
    first[0].callbacks.add(CallAfter(updates, lambda _: stop.request()))
    interrupted = [end for end in Pack(first, stop).fit() if end.outcome.status == "interrupted"]
    assert len(interrupted) == (4 if updates < 3 else 3)
    if updates < 3:
        resumed: list[Trainer | Ended] = [*trainers(configs, tmp_path / "parts")]
    else:  # the one that diverged is recorded
        resumed = [*trainers(configs[:3], tmp_path / "parts"), Ended(epochs=1)]
    list(Pack(resumed).fit())
    for ours, expected in zip(resumed[:3], whole[:3], strict=True):
        assert isinstance(ours, Trainer)
        assert_equal(ours, expected)


def test_place_of_an_ended_run_is_kept_as_long_as_it_lasted(tmp_path: Path) -> None:
    """A run whose folder was lost is trained again to the last bit, although the others have ended."""
    configs = [mlp("scheduler=step"), mlp(*DIVERGING), mlp("scheduler=cosine")]
    whole, _ = in_lockstep(configs, tmp_path / "whole")
    (alone,) = trainers(configs[2:], tmp_path / "again")
    list(Pack([Ended(epochs=2), Ended(epochs=1), alone]).fit())
    assert_equal(alone, whole[2])


def test_run_that_asks_to_stop_leaves_alone(tmp_path: Path) -> None:
    configs = [mlp("scheduler=step"), mlp("scheduler=cosine")]
    pack = trainers(configs, tmp_path)
    pack[0].callbacks.add(StopAfter(2))
    ends = list(Pack(pack).fit())
    assert [end.outcome.status for end in ends] == ["interrupted", "completed"]
    whole, _ = in_lockstep(configs, tmp_path / "whole")
    (resumed,) = trainers(configs[:1], tmp_path)
    list(Pack([resumed, Ended(epochs=2)]).fit())
    assert_equal(resumed, whole[0])
    assert_equal(pack[1], whole[1])


def test_replaced_weight_fails_the_pack(tmp_path: Path) -> None:
    class Replace(Callback):
        def on_step(self, trainer: Trainer) -> None:
            weight = next(trainer.model.parameters())
            weight.data = weight.data.clone()

    pack = trainers([mlp(), mlp()], tmp_path)
    pack[0].callbacks.add(Replace())
    ends = list(Pack(pack).fit())
    assert {end.outcome.status for end in ends} == {"failed"}
    assert all("use lockstep=1" in str(end.error) for end in ends)


def test_runs_share_the_time_of_the_pack(tmp_path: Path) -> None:
    pack, _ = in_lockstep([mlp(), mlp("scheduler=step")], tmp_path)
    seconds = [trainer.progress.train_seconds for trainer in pack]
    assert sum(seconds) <= pack[0].progress.wall_seconds
    assert seconds[0] == pytest.approx(seconds[1], rel=0.2)


def test_checkpoint_holds_the_weights_of_its_run_only(tmp_path: Path) -> None:
    in_lockstep([mlp("scheduler=swa", "averaging.start=0")] * 5, tmp_path / "pack")
    one_by_one([mlp("scheduler=swa", "averaging.start=0")], tmp_path)
    sizes = [(tmp_path / folder / "0" / "checkpoint.pt").stat().st_size for folder in ("pack", "single0")]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.01)


def mlp(*overrides: str) -> Config:
    return make_config(*SHARED, "model=mlp", *MODELS["mlp"], *overrides)


def assert_equal(ours: Trainer, expected: Trainer) -> None:
    """The same to the last bit, apart from times."""
    state, reference = ours.model.state_dict(), expected.model.state_dict()
    assert all(torch.equal(state[key], reference[key]) for key in reference)
    assert [replace(row, train_seconds=0) for row in ours.progress.history] == [
        replace(row, train_seconds=0) for row in expected.progress.history
    ]
