"""Experiments, and the multiruns they stand for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from src.config import CONF
from src.errors import UsageError
from src.sweeps import parallelism
from src.sweeps.experiment import experiment_overrides, load_experiment, single_run
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def _two_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallelism, "default_workers", lambda *devices: 2)


def test_default_is_the_benchmark_experiment() -> None:
    assert experiment_overrides([]) == [
        "hydra/launcher=joblib",
        "model=mlp_bn",
        "optimizer=sgd",
        "epochs=3",
        "scheduler=constant,step,exponential,linear,cosine,one_cycle,cyclic",
        "seed=0,1,2,3,4,5,6,7",
        "hydra.launcher.n_jobs=2",
        "trainer.num_threads=1",
        "name=benchmark",
    ]


def test_arguments_replace_and_extend_the_experiment() -> None:
    overrides = experiment_overrides(
        ["schedulers=[step,cosine]", "seeds=[4]", "model=mlp", "optimizer.lr=0.1,0.03", "hydra/launcher=basic"]
    )
    assert overrides[:-1] == [
        "hydra/launcher=basic",
        "model=mlp",
        "optimizer=sgd",
        "epochs=3",
        "scheduler=step,cosine",
        "seed=4",
        "optimizer.lr=0.1,0.03",
    ]


# A sweep is resumed in the folder of its name: these names must not change.
@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ("", "benchmark"),
        ("experiment=benchmark", "benchmark"),
        ("data.root=/data", "benchmark"),
        ("data.mirror=/mirror", "benchmark"),
        ("hydra/launcher=basic", "benchmark"),
        ("hydra.launcher.n_jobs=1 trainer.num_threads=2", "benchmark"),
        ("hydra/launcher=submitit_local hydra.launcher.timeout_min=3", "benchmark"),
        ("seeds=[0,1]", "benchmark-2-seeds"),
        ("schedulers=[step,cosine] seeds=[0,1,2]", "benchmark-step+cosine-3-seeds"),
        ("model=mlp", "benchmark-mlp"),
        ("data=digits optimizer.lr=0.1,0.03", "benchmark-digits-lr-0.1+0.03"),
        ("data=digits hydra/launcher=joblib hydra.launcher.n_jobs=3", "benchmark-digits"),
        ("+callbacks.mine._target_=mine.Failing", "benchmark-callbacks.mine._target_-mine.Failing-5c6b421e"),
        ("~optimizer.momentum", "benchmark-no-momentum-bf33aef0"),
        ("hydra.sweep.dir=/x", "benchmark-c6a249d3"),
        ("model=mlp_bn seeds=[0,1,2,3,4,5,6,7]", "benchmark"),
        (
            "data=digits model=softmax schedulers=[step,cosine] seeds=[0,1]",
            "benchmark-digits-softmax-step+cosine-2-seeds",
        ),
        ("schedulers=[step,cosine] lrs={step:0.1}", "benchmark-step+cosine-lrs-step_0.1-e7999867"),
        ("name=mine model=mlp", "mine"),
    ],
)
def test_sweep_has_a_name_that_follows_from_its_arguments(arguments: str, name: str) -> None:
    assert [line for line in experiment_overrides(arguments.split()) if line.startswith("name=")] == [f"name={name}"]


@pytest.mark.parametrize("name", [path.stem for path in (CONF / "experiment").glob("*.yaml")])
def test_experiment_is_complete_and_names_itself(name: str) -> None:
    experiment = load_experiment(name)
    assert experiment.name == name
    assert set(experiment.schedulers) <= {path.stem for path in (CONF / "scheduler").glob("*.yaml")}


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("experiment=nope", "experiment=nope: choose one of benchmark"),
        ("schedulers=[]", r"schedulers=\[\]: must be a non-empty list, as in schedulers=\[step,cosine\]"),
        (
            "schedulers=step,cosine",
            r"schedulers=step,cosine: must be a non-empty list, as in schedulers=\[step,cosine\]",
        ),
        ("seeds=null", r"seeds=null: must be a non-empty list"),
        ("seeds=[0,a]", r"seeds=\[0, a\]: must be a non-empty list, as in seeds=\[0,1,2\]"),
        ("schedulers=[[step]]", r"schedulers=\[\[step\]\]: must be a non-empty list"),
        ("schedulers=[step,step,cosine]", r"schedulers=\[step,step,cosine\]: give step once"),
        ("seeds=[0,0]", r"seeds=\[0,0\]: give 0 once"),
        ("seeds=range(3)", r"seeds=range\(3\): must be a non-empty list"),
        ("reference=cosine", "reference=cosine: needs a protocol; add protocol=quick, standard or strict"),
        ("seeds=3", r"seeds=3: must be a non-empty list, as in seeds=\[0,1,2\]"),
    ],
)
def test_invalid_experiment_is_refused(argument: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        experiment_overrides([argument])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["schedulers=[cosine,step]", "scheduler=constant"], "scheduler=constant: contradicts schedulers="),
        (["seeds=[0,1]", "seed=7"], "seed=7: contradicts seeds="),
    ],
)
def test_contradictory_arguments_are_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        experiment_overrides(arguments)


@pytest.mark.parametrize(
    ("changes", "name"),
    [([], "name=mine"), (["optimizer.lr=0.1"], "name=mine-lr-0.1"), (["seeds=[7]"], "name=mine-seed-7")],
)
def test_own_experiment_has_the_same_name_wherever_its_folder_is(
    changes: list[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    content = "name: mine\nschedulers: [step, cosine]\nseeds: [0, 1]\noverrides: [data=digits]\n"
    (tmp_path / "conf" / "experiment" / "mine.yaml").write_text(content)
    (tmp_path / "elsewhere").mkdir()
    for folder, place in ((tmp_path, []), (tmp_path / "elsewhere", [f"hydra.searchpath=['file://{tmp_path}/conf']"])):
        monkeypatch.chdir(folder)
        assert name in experiment_overrides([*place, "experiment=mine", *changes])


def test_one_run_of_an_experiment_has_its_overrides() -> None:
    chosen = ["experiment=benchmark", "scheduler=step", "seed=1"]
    assert single_run(chosen) == ["model=mlp_bn", "optimizer=sgd", "epochs=3", "scheduler=step", "seed=1"]
    changed = single_run([*chosen, "model=mlp"])
    assert changed == ["model=mlp", "optimizer=sgd", "epochs=3", "scheduler=step", "seed=1"]


def test_experiment_of_one_run_needs_no_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "conf" / "experiment"
    folder.mkdir(parents=True)
    content = "name: one\nschedulers: [step]\nseeds: [3]\noverrides: [model=mlp]\nlrs: {step: 0.1}\n"
    (folder / "one.yaml").write_text(content)
    monkeypatch.chdir(tmp_path)
    assert single_run(["experiment=one"]) == ["model=mlp", "scheduler=step", "seed=3", "optimizer.lr=0.1"]
    assert "optimizer.lr=1" in single_run(["experiment=one", "optimizer.lr=1"])
    assert "optimizer.lr=0.1" not in single_run(["experiment=one", "optimizer.lr=1"])
    assert "optimizer.lr=0.1" not in single_run(["experiment=one", "scheduler=cosine"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "has 7 schedulers and 8 seeds: choose one (scheduler=constant seed=0), or run all with "),
        (["scheduler=step"], "has 8 seeds: choose one (seed=0), or run all with "),
    ],
)
def test_experiment_of_several_runs_is_refused_with_the_right_command(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_with(["experiment=benchmark", *arguments], monkeypatch)
    with pytest.raises(UsageError) as error:
        single_run(["experiment=benchmark", *arguments])
    command = " ".join(["python scripts/sweep.py experiment=benchmark", *arguments])
    assert str(error.value) == f"experiment=benchmark {message}{command}"


def test_multirun_of_an_experiment_is_refused_with_the_right_command(monkeypatch: pytest.MonkeyPatch) -> None:
    start_with(["-m", "experiment=benchmark", "scheduler=step"], monkeypatch)
    with pytest.raises(UsageError) as error:
        single_run(["experiment=benchmark", "scheduler=step"], multirun=True)
    command = "python scripts/sweep.py experiment=benchmark scheduler=step"
    assert str(error.value) == f"experiment=benchmark: -m does not take it; run all with {command}"


def start_with(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the process look as if `python -m src.train` had been started in this repository."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "src.train", *arguments])
