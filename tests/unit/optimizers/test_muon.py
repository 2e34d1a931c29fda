"""One optimizer of two: torch's own results, one lr, one state."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from src.errors import UsageError
from src.models.build import build_model
from src.optimizers.muon import MuonWithAdamW
from tests.conftest import make_config
from tests.unit.schedules.conftest import run_preflight

IMAGES = torch.randn(8, 1, 6, 6, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(8) % 3
SETTINGS = {"lr": 0.01, "weight_decay": 0.1}


def small_model() -> nn.Sequential:
    """A kernel, a norm, two hidden matrices, an output matrix, and their biases."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(32, 8), nn.ReLU(), nn.Linear(8, 16), nn.ReLU(),
        nn.Linear(16, 3),
    )  # fmt: skip


def update(model: nn.Module, *optimizers: torch.optim.Optimizer, steps: int = 1) -> None:
    for _ in range(steps):
        model.zero_grad()
        functional.cross_entropy(model(IMAGES), LABELS).backward()
        for optimizer in optimizers:
            optimizer.step()


def weights(model: nn.Module) -> Tensor:
    return nn.utils.parameters_to_vector(model.parameters())


@pytest.mark.parametrize("fused", [None, True])
def test_it_is_torchs_muon_and_torchs_adamw(fused: bool | None) -> None:
    ours, theirs = small_model(), small_model()
    hidden = [theirs[3].weight, theirs[5].weight]
    others = [weight for weight in theirs.parameters() if all(weight is not matrix for matrix in hidden)]
    muon = torch.optim.Muon(hidden, momentum=0.9, adjust_lr_fn="match_rms_adamw", **SETTINGS)
    adamw = torch.optim.AdamW(others, betas=(0.8, 0.99), fused=fused, **SETTINGS)
    whole = MuonWithAdamW(ours.parameters(), momentum=0.9, betas=(0.8, 0.99), fused=fused, **SETTINGS)
    update(ours, whole, steps=5)
    update(theirs, muon, adamw, steps=5)
    assert torch.equal(weights(ours), weights(theirs))


def test_without_a_hidden_matrix_it_is_adamw() -> None:
    ours, theirs = (build_model(make_config("model=softmax").model, seed=0) for _ in range(2))
    images = torch.ones(3, 1, 28, 28)
    for model, kind in ((ours, MuonWithAdamW), (theirs, torch.optim.AdamW)):
        functional.cross_entropy(model(images), torch.arange(3)).backward()
        kind(model.parameters(), **SETTINGS).step()
    assert torch.equal(weights(ours), weights(theirs))


def test_a_state_that_was_saved_goes_on_bit_for_bit() -> None:
    model = small_model()
    optimizer = MuonWithAdamW(model.parameters(), **SETTINGS)
    update(model, optimizer, steps=3)
    file = io.BytesIO()
    torch.save([model.state_dict(), optimizer.state_dict()], file)
    file.seek(0)
    update(model, optimizer, steps=4)

    resumed = small_model()
    fresh = MuonWithAdamW(resumed.parameters(), lr=1.0)
    update(resumed, fresh)  # what it holds by then is to be forgotten
    state, optimizer_state = torch.load(file, weights_only=True)
    resumed.load_state_dict(state)
    fresh.load_state_dict(optimizer_state)
    update(resumed, fresh, steps=4)
    assert torch.equal(weights(resumed), weights(model))


@pytest.mark.parametrize("loads", [False, True])
def test_a_schedule_moves_both_parts(loads: bool) -> None:
    model, still = small_model(), small_model()
    optimizer = MuonWithAdamW(model.parameters(), **SETTINGS)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda tick: 1.0 if tick == 0 else 0.0)
    for each in (model, still):
        update(each, optimizer if each is model else MuonWithAdamW(still.parameters(), **SETTINGS))
    if loads:
        optimizer.load_state_dict(optimizer.state_dict())
    scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == [0.0, 0.0]
    update(model, optimizer)
    assert torch.equal(weights(model), weights(still))


def test_the_gradient_scaler_takes_it_for_one() -> None:
    plain, scaled = small_model(), small_model()
    update(plain, MuonWithAdamW(plain.parameters(), **SETTINGS))
    optimizer = MuonWithAdamW(scaled.parameters(), **SETTINGS)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    scaler.scale(functional.cross_entropy(scaled(IMAGES), LABELS)).backward()
    scaler.step(optimizer)
    scaler.update()
    assert torch.equal(weights(scaled), weights(plain))

    scaled[7].bias.grad[0] = torch.inf  # in AdamW's part: Muon's must be left out, too
    scaler.step(optimizer)
    assert torch.equal(weights(scaled), weights(plain))


def test_a_closure_is_called_once() -> None:
    model = small_model()
    calls: list[float] = []

    def closure() -> float:
        loss = functional.cross_entropy(model(IMAGES), LABELS)
        loss.backward()
        calls.append(loss.item())
        return calls[-1]

    assert MuonWithAdamW(model.parameters()).step(closure) == calls[0]
    assert len(calls) == 1


def test_a_momentum_that_only_one_part_has_is_not_cycled() -> None:
    with pytest.raises(UsageError, match="optimizer=muon has no momentum to cycle"):
        run_preflight(make_config("data=digits", "optimizer=muon", "scheduler=one_cycle", "epochs=2"))


def test_a_copy_goes_on_by_itself() -> None:
    weight, bias = torch.nn.Parameter(torch.ones(3, 3)), torch.nn.Parameter(torch.ones(3))
    optimizer = MuonWithAdamW([weight, torch.nn.Parameter(torch.ones(2, 3)), bias])
    copied = copy.deepcopy(optimizer)
    copied.param_groups[0]["params"][0].grad = torch.ones(3, 3)
    copied.step()
    assert not torch.equal(copied.param_groups[0]["params"][0], weight)
