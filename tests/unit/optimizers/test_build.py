"""Every optimizer of conf/optimizer: its class, its parameters, that it learns and that it resumes."""

from __future__ import annotations

import inspect
import io
import sys
from typing import Any

import pytest
import pytorch_optimizer
import schedulefree
import torch
from torch import nn
from torch.nn import functional

from src.config import CONF
from src.config.schema import Config
from src.errors import UsageError
from src.models.build import build_model
from src.optimizers.build import build_optimizer, check_optimizer, weights_to_optimize
from src.optimizers.muon import MuonWithAdamW
from tests.conftest import make_config
from tests.unit.schedules.conftest import run_preflight

CLASSES = {
    "sgd": torch.optim.SGD,
    "nesterov": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "adamax": torch.optim.Adamax,
    "muon": MuonWithAdamW,
    "lion": pytorch_optimizer.Lion,
    "ranger": pytorch_optimizer.Ranger,
    "prodigy": pytorch_optimizer.Prodigy,
    "schedule_free_sgd": schedulefree.SGDScheduleFree,
    "schedule_free_adamw": schedulefree.AdamWScheduleFree,
}
HAS_FUSED_KERNEL = {"sgd", "nesterov", "adam", "adamw", "adagrad", "muon"}
# Parameters that select an implementation, or that another choice or `warmup` covers.
NOT_CONFIGURED = {"params", "foreach", "fused", "capturable", "differentiable", "maximize", "kwargs", "warmup_steps"}
NOT_CONFIGURED_BY_NAME = {"adam": {"decoupled_weight_decay"}}


def config_with(optimizer: str) -> Config:
    """One config per optimizer for the whole file, because composing takes longer than any of its tests."""
    return make_config("data=digits", f"optimizer={optimizer}", "scheduler=cosine", "epochs=1")


def weight() -> nn.Parameter:
    return nn.Parameter(torch.ones(2))


def test_every_optimizer_has_an_expected_class() -> None:
    assert sorted(CLASSES) == sorted(path.stem for path in (CONF / "optimizer").glob("*.yaml"))


@pytest.mark.parametrize("name", CLASSES)
def test_optimizer_is_built_from_the_config(name: str) -> None:
    config = {**config_with(name).optimizer, "lr": 0.25}
    optimizer = build_optimizer(config, [weight()], fused=True)
    assert type(optimizer) is CLASSES[name]
    group = optimizer.param_groups[0]
    assert group["lr"] == 0.25
    assert (group.get("fused") is True) == (name in HAS_FUSED_KERNEL)


@pytest.mark.parametrize("name", CLASSES)
def test_every_parameter_is_in_the_config(name: str) -> None:
    configured = config_with(name).optimizer.keys() - {"name", "_target_"}
    accepted = inspect.signature(CLASSES[name]).parameters.keys()
    assert configured == accepted - NOT_CONFIGURED - NOT_CONFIGURED_BY_NAME.get(name, set())


# --- learning and resuming -----------------------------------------------------------------------------------------

INPUTS = torch.randn(64, 6, generator=torch.Generator().manual_seed(0))
LABELS = (INPUTS @ torch.randn(6, 3, generator=torch.Generator().manual_seed(1))).argmax(dim=1)


class Regression:
    """Softmax regression, which is convex, with an optimizer at its default learning rate."""

    def __init__(self, name: str) -> None:
        torch.manual_seed(0)
        self.model = nn.Linear(6, 3)
        config = config_with(name).optimizer
        self.optimizer = build_optimizer(config, self.model.parameters(), fused=True)

    def loss(self) -> torch.Tensor:
        return functional.cross_entropy(self.model(INPUTS), LABELS)

    def learn(self, steps: int, *, evaluate: bool = True) -> float:
        """Returns the loss after `steps` updates, in evaluation mode if `evaluate` (schedule-free optimizers)."""
        train_mode, eval_mode = (getattr(self.optimizer, mode, lambda: None) for mode in ("train", "eval"))
        train_mode()
        for _ in range(steps):
            self.optimizer.zero_grad()
            self.loss().backward()
            self.optimizer.step()
        if evaluate:
            eval_mode()
        return self.loss().item()

    def save(self) -> io.BytesIO:
        file = io.BytesIO()
        torch.save([self.model.state_dict(), self.optimizer.state_dict()], file)
        file.seek(0)
        return file

    def load(self, file: io.BytesIO) -> None:
        model, optimizer = torch.load(file, weights_only=True)
        self.model.load_state_dict(model)
        self.optimizer.load_state_dict(optimizer)


@pytest.mark.parametrize("name", CLASSES)
def test_default_lr_decreases_a_convex_loss(name: str) -> None:
    regression = Regression(name)
    losses = [regression.loss().item()] + [regression.learn(10) for _ in range(3)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("evaluate", [True, False])
@pytest.mark.parametrize("name", CLASSES)
def test_resumed_optimizer_continues_bit_for_bit(name: str, evaluate: bool) -> None:
    uninterrupted = Regression(name)
    uninterrupted.learn(8, evaluate=evaluate)
    file = uninterrupted.save()
    uninterrupted.learn(7)
    resumed = Regression(name)
    resumed.load(file)
    resumed.learn(7)
    for expected, weight in zip(uninterrupted.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(weight, expected)


@pytest.mark.parametrize("name", CLASSES)
def test_preflight_works_with_every_optimizer(name: str) -> None:
    config = config_with(name)
    assert run_preflight(config)[0] == config.optimizer["lr"]


# --- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("sgd", {"momentum": "high"}, "optimizer.momentum='high': must be a number"),
        ("sgd", {"momentum": -1}, "Invalid momentum value"),
        ("sgd", {"nesterov": 1}, "optimizer.nesterov=1: must be true or false"),
        ("sgd", {"_target_": "torch.nn.Linear"}, "is not a torch.optim.Optimizer"),
        ("nesterov", {"momentum": 0}, "Nesterov momentum requires a momentum"),
        ("lion", {"betas": [2, 0.9]}, "Lion rejects its parameters: beta1 must be in the range"),
        ("muon", {"ns_steps": "few"}, "optimizer.ns_steps='few': must be an integer"),
    ],
)
def test_optimizer_that_cannot_be_built_is_an_error(name: str, change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as error:
        build_optimizer({**config_with(name).optimizer, **change}, [weight()])
    assert message in str(error.value)


@pytest.mark.parametrize(("name", "package"), [("lion", "pytorch_optimizer"), ("schedule_free_sgd", "schedulefree")])
def test_optimizer_from_a_missing_package_is_an_error(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError, match=rf"^optimizer={name} needs {package}, which is not installed: "):
        run_preflight(config_with(name))


@pytest.mark.parametrize(
    ("overrides", "has_hidden"),
    [
        (["model=softmax"], False),
        (["model=mlp", "model.hidden=[8]"], False),
        (["model=mlp"], True),
        (["model=lenet"], True),
        (["model=resnet"], True),
        (["model=resnet", "optimizer.convolutions=false"], False),
    ],
    ids=str,
)
def test_muon_without_a_hidden_layer_is_an_error(overrides: list[str], has_hidden: bool) -> None:
    config = make_config("optimizer=muon", *overrides)
    weights = weights_to_optimize(config.optimizer, build_model(config.model, seed=0), torch.zeros(2, 1, 28, 28))
    optimizer = build_optimizer(config.optimizer, weights)
    if has_hidden:
        check_optimizer(config.optimizer, optimizer)
        return
    with pytest.raises(UsageError, match=r"optimizer=muon: the model has no weights between .* use optimizer=adamw"):
        check_optimizer(config.optimizer, optimizer)


@pytest.mark.parametrize("name", ["sgd", "muon"])
def test_every_weight_is_optimized_once(name: str) -> None:
    model = build_model(make_config("model=vit").model, seed=0)
    config = config_with(name).optimizer
    optimizer = build_optimizer(config, weights_to_optimize(config, model, torch.zeros(2, 1, 28, 28)))
    optimized = [id(weight) for group in optimizer.param_groups for weight in group["params"]]
    assert sorted(optimized) == sorted(map(id, model.parameters()))


def test_optimizer_that_needs_a_closure_is_an_error() -> None:
    config = {"name": "lbfgs", "_target_": "torch.optim.LBFGS", "lr": 0.1}
    with pytest.raises(UsageError, match="optimizer=lbfgs: LBFGS needs a closure that evaluates the loss"):
        build_optimizer(config, [weight()])
