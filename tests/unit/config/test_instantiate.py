"""Objects from config, and what is said where that fails."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Dict, Literal  # noqa: UP035 - as users write it

import pytest
import torch

from src.config.extras import install_command
from src.config.instantiate import build, check_arguments, locate, matches_type
from src.errors import UsageError


@pytest.mark.parametrize(
    ("annotation", "value", "fits"),
    [
        (int, 3, True),
        (int, 3.0, False),
        (int, True, False),
        (float, 3, True),
        (float, "3", False),
        (float, True, False),
        (bool, True, True),
        (bool, 1, False),
        (str, "a", True),
        (int | None, None, True),
        (int, None, False),
        (float | torch.Tensor, 0.1, True),
        (float | torch.Tensor, "0.1", False),
        (Literal["min", "max"], "min", True),
        (Literal["min", "max"], "mid", False),
        (list[int], [1, 2], True),
        (list[int], [1, "2"], False),
        (tuple[float, float], [0.9, 0.99], True),
        (tuple[float, float], [0.9], False),
        (tuple[float, ...], [0.9], True),
        (Iterable[int], [1, 2], True),
        (Iterable[int], [1, 2.0], False),
        (Iterable[int], 3, False),
        (Sequence[str], ["a"], True),
        (Sequence[str], "a", False),
        (Sequence[Any], [1, "a"], True),
        (Any, 1, True),
        (object, 1, True),
        (torch.Tensor, 1, False),
        (dict[str, int], {"a": 1}, True),
        (dict[str, int], {"a": "b"}, False),
        (Dict, {"a": "b"}, True),  # noqa: UP006
    ],
)
def test_admits(annotation: object, value: object, fits: bool) -> None:
    assert matches_type(annotation, value) is fits


def lr_of(weights: list[float], *, lr: float, decay: int = 2) -> float:
    if lr < 0:
        raise ValueError(f"lr {lr} is negative")
    return lr / decay


def test_build_calls_the_target() -> None:
    assert build("optimizer", lr_of, [0.0], lr=1.0, decay=4) == 0.25


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"lr": "large"}, "optimizer.lr='large': must be a number"),
        ({"lr": 0.1, "decay": 0.5}, "optimizer.decay=0.5: must be an integer"),
        ({"lr": 0.1, "gama": 1}, "optimizer.gama: no such parameter; lr_of takes lr, decay"),
        ({}, "optimizer: lr_of needs lr"),
        ({"lr": -1}, "optimizer: lr_of rejects its parameters: lr -1.0 is negative; change optimizer.lr"),
        ({"lr": 1, "decay": 0}, "division by zero"),
    ],
)
def test_build_names_the_argument_at_fault(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError) as refusal:
        build("optimizer", lr_of, [0.0], **arguments)
    assert says in str(refusal.value)


def misspelled(*, lr: float) -> float:
    return lr.reel  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (
            misspelled,
            "optimizer: misspelled fails with AttributeError: 'float' object has no attribute 'reel';",
        ),
        (torch.relu, "optimizer: Python does not know the parameters of relu; name a class or a function"),
    ],
)
def test_code_that_cannot_be_called_is_named(target: Callable[..., Any], says: str) -> None:
    with pytest.raises(UsageError) as refusal:
        build("optimizer", target, lr=1.0)
    assert says in str(refusal.value)


def given(number: float, either: int | float, many: list[float] | None, other: Any) -> tuple[Any, ...]:
    return number, either, many, other


def test_an_int_becomes_a_float_where_only_a_float_is_meant() -> None:
    values = build("scheduler", given, number=1, either=1, many=[0, 0.5], other=1)
    assert repr(values) == "(1.0, 1, [0.0, 0.5], 1)"


def test_torch_takes_whole_numbers_for_its_floats() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = build("optimizer", torch.optim.Adam, [weight], betas=[0, 0.99])
    one_cycle = torch.optim.lr_scheduler.OneCycleLR
    scheduler = build("scheduler", one_cycle, optimizer, max_lr=1, total_steps=10, pct_start=1, cycle_momentum=False)
    assert scheduler.get_last_lr() == pytest.approx([1 / 25])


def test_a_milestone_that_torch_would_never_reach_is_refused() -> None:
    multi_step = torch.optim.lr_scheduler.MultiStepLR
    with pytest.raises(UsageError) as refusal:
        check_arguments("scheduler", multi_step, {"milestones": [1, 3.0000000000000004]}, num_positional=1)
    assert str(refusal.value) == ("scheduler.milestones=[1, 3.0000000000000004]: must be a list of integers")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("torch.optim.SGDD", "cannot be found (No module named 'torch.optim.SGDD')"),
        ("no_such_module.Thing", "cannot be found (No module named 'no_such_module')"),
        ("torch.optim.SGD.Thing", "cannot be found (type object 'SGD' has no attribute 'Thing')"),
        ("torch..SGD", "cannot be found (No module named 'torch.')"),
        ("torch.pi", "is a float, not a class or a function"),
    ],
)
def test_a_target_that_is_not_there_is_named(target: str, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UsageError) as refusal:
        locate("model", {"_target_": target})
    remedy = "; name a class or a function, as in package.module.Name" if "cannot be found" in reason else ""
    assert str(refusal.value) == f"model._target_={target}: {reason}{remedy}"
    assert not caplog.records  # one line says it


@pytest.mark.parametrize("target", ["os.system", "builtins.eval", "antigravity.webbrowser"])
def test_the_standard_library_is_neither_imported_nor_called(target: str) -> None:
    with pytest.raises(UsageError, match=f"_target_={target}: Python's standard library has no such part of a run"):
        locate("model", {"_target_": target})
    assert "antigravity" not in sys.modules


def test_a_module_is_imported_on_the_way_to_a_target() -> None:
    assert locate("model", {"_target_": "scipy.cluster.hierarchy.ward"}).__name__ == "ward"


@pytest.mark.parametrize("package", ["pytorch_optimizer", "schedulefree"])
def test_a_package_that_is_not_installed_is_named_with_its_remedy(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError) as refusal:
        locate("optimizer", {"name": "lion", "_target_": f"{package}.Lion"})
    assert str(refusal.value) == (
        f"optimizer=lion needs {package}, which is not installed: {install_command('optimizers')}"
    )
