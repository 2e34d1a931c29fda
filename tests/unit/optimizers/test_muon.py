"""Two optimizers in one: the same results as torch's, one learning rate, one state."""

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
    """A convolution, a norm, two hidden matrices, an output matrix, and their biases."""
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


def flat_weights(model: nn.Module) -> Tensor:
    return nn.utils.parameters_to_vector(model.parameters())


@pytest.mark.parametrize("fused", [None, True])
def test_updates_equal_torchs_muon_and_adamw(fused: bool | None) -> None:
    model, reference = small_model(), small_model()
    hidden = [reference[3].weight, reference[5].weight]
    others = [weight for weight in reference.parameters() if all(weight is not matrix for matrix in hidden)]
    muon = torch.optim.Muon(hidden, momentum=0.9, adjust_lr_fn="match_rms_adamw", **SETTINGS)
    adamw = torch.optim.AdamW(others, betas=(0.8, 0.99), fused=fused, **SETTINGS)
    combined = MuonWithAdamW(model.parameters(), momentum=0.9, betas=(0.8, 0.99), fused=fused, **SETTINGS)
    update(model, combined, steps=5)
    update(reference, muon, adamw, steps=5)
    assert torch.equal(flat_weights(model), flat_weights(reference))


def test_model_without_a_hidden_matrix_is_updated_by_adamw() -> None:
    model, reference = (build_model(make_config("model=softmax").model, seed=0) for _ in range(2))
    images = torch.ones(3, 1, 28, 28)
    for network, optimizer in ((model, MuonWithAdamW), (reference, torch.optim.AdamW)):
        functional.cross_entropy(network(images), torch.arange(3)).backward()
        optimizer(network.parameters(), **SETTINGS).step()
    assert torch.equal(flat_weights(model), flat_weights(reference))


def test_saved_state_resumes_bit_for_bit() -> None:
    model = small_model()
    optimizer = MuonWithAdamW(model.parameters(), **SETTINGS)
    update(model, optimizer, steps=3)
    file = io.BytesIO()
    torch.save([model.state_dict(), optimizer.state_dict()], file)
    file.seek(0)
    update(model, optimizer, steps=4)

    resumed = small_model()
    resumed_optimizer = MuonWithAdamW(resumed.parameters(), lr=1.0)
    update(resumed, resumed_optimizer)  # creates state that loading must replace
    state, optimizer_state = torch.load(file, weights_only=True)
    resumed.load_state_dict(state)
    resumed_optimizer.load_state_dict(optimizer_state)
    update(resumed, resumed_optimizer, steps=4)
    assert torch.equal(flat_weights(resumed), flat_weights(model))


@pytest.mark.parametrize("loads", [False, True])
def test_schedule_sets_the_lr_of_both_parts(loads: bool) -> None:
    model, reference = small_model(), small_model()
    optimizer = MuonWithAdamW(model.parameters(), **SETTINGS)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda tick: 1.0 if tick == 0 else 0.0)
    update(model, optimizer)
    update(reference, MuonWithAdamW(reference.parameters(), **SETTINGS))
    if loads:
        optimizer.load_state_dict(optimizer.state_dict())
    scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == [0.0, 0.0]
    update(model, optimizer)
    assert torch.equal(flat_weights(model), flat_weights(reference))


def test_gradient_scaler_skips_both_parts_together() -> None:
    plain, scaled = small_model(), small_model()
    update(plain, MuonWithAdamW(plain.parameters(), **SETTINGS))
    optimizer = MuonWithAdamW(scaled.parameters(), **SETTINGS)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    scaler.scale(functional.cross_entropy(scaled(IMAGES), LABELS)).backward()
    scaler.step(optimizer)
    scaler.update()
    assert torch.equal(flat_weights(scaled), flat_weights(plain))

    scaled[7].bias.grad[0] = torch.inf  # in AdamW's part; Muon's update must be skipped, too
    scaler.step(optimizer)
    assert torch.equal(flat_weights(scaled), flat_weights(plain))


def test_closure_is_called_once() -> None:
    model = small_model()
    losses: list[float] = []

    def closure() -> float:
        loss = functional.cross_entropy(model(IMAGES), LABELS)
        loss.backward()
        losses.append(loss.item())
        return losses[-1]

    assert MuonWithAdamW(model.parameters()).step(closure) == losses[0]
    assert len(losses) == 1


def test_cycling_the_momentum_is_an_error() -> None:
    with pytest.raises(UsageError, match="optimizer=muon has no momentum to cycle"):
        run_preflight(make_config("data=digits", "optimizer=muon", "scheduler=one_cycle", "epochs=2"))


def test_copy_is_independent() -> None:
    weight, bias = torch.nn.Parameter(torch.ones(3, 3)), torch.nn.Parameter(torch.ones(3))
    optimizer = MuonWithAdamW([weight, torch.nn.Parameter(torch.ones(2, 3)), bias])
    copied = copy.deepcopy(optimizer)
    copied.param_groups[0]["params"][0].grad = torch.ones(3, 3)
    copied.step()
    assert not torch.equal(copied.param_groups[0]["params"][0], weight)
