"""Two optimizers in one: the same results as torch's, one learning rate, one state."""

from __future__ import annotations

import copy
import io
import weakref
from typing import Any

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
    """An input convolution, a norm, a hidden convolution, a hidden matrix, an output matrix, and their biases."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 8), nn.ReLU(),
        nn.Linear(8, 3),
    )  # fmt: skip


def optimize(model: nn.Sequential, **arguments: Any) -> MuonWithAdamW:
    """The optimizer of a small model, with the default settings or others."""
    hidden = [model[2].weight, model[5].weight]
    others = [weight for weight in model.parameters() if all(weight is not other for other in hidden)]
    groups = [{"params": hidden, "use_muon": True}, {"params": others, "use_muon": False}]
    return MuonWithAdamW(groups, **{**SETTINGS, **arguments})


class Flattened(nn.Conv2d):
    """A convolution whose filters are one matrix, so that torch's Muon takes them."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__(conv.in_channels, conv.out_channels, conv.kernel_size)
        self.bias, self.weight = conv.bias, nn.Parameter(conv.weight.detach().flatten(1))

    def forward(self, images: Tensor) -> Tensor:
        filters = self.weight.unflatten(1, (self.in_channels, *self.kernel_size))
        return functional.conv2d(images, filters, self.bias)


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
    reference[2] = Flattened(reference[2])
    hidden = [reference[2].weight, reference[5].weight]
    others = [weight for weight in reference.parameters() if all(weight is not matrix for matrix in hidden)]
    muon = torch.optim.Muon(hidden, momentum=0.9, adjust_lr_fn="match_rms_adamw", **SETTINGS)
    adamw = torch.optim.AdamW(others, betas=(0.8, 0.99), fused=fused, **SETTINGS)
    combined = optimize(model, momentum=0.9, betas=(0.8, 0.99), fused=fused)
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
    optimizer = optimize(model)
    update(model, optimizer, steps=3)
    file = io.BytesIO()
    torch.save([model.state_dict(), optimizer.state_dict()], file)
    file.seek(0)
    update(model, optimizer, steps=4)

    resumed = small_model()
    resumed_optimizer = optimize(resumed, lr=1.0)
    update(resumed, resumed_optimizer)  # creates state that loading must replace
    state, optimizer_state = torch.load(file, weights_only=True)
    resumed.load_state_dict(state)
    resumed_optimizer.load_state_dict(optimizer_state)
    update(resumed, resumed_optimizer, steps=4)
    assert torch.equal(flat_weights(resumed), flat_weights(model))


@pytest.mark.parametrize("loads", [False, True])
def test_schedule_sets_the_lr_of_both_parts(loads: bool) -> None:
    model, reference = small_model(), small_model()
    optimizer = optimize(model)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda tick: 1.0 if tick == 0 else 0.0)
    update(model, optimizer)
    update(reference, optimize(reference))
    if loads:
        optimizer.load_state_dict(optimizer.state_dict())
    scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == [0.0, 0.0]
    update(model, optimizer)
    assert torch.equal(flat_weights(model), flat_weights(reference))


def test_gradient_scaler_skips_both_parts_together() -> None:
    plain, scaled = small_model(), small_model()
    update(plain, optimize(plain))
    optimizer = optimize(scaled)
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

    assert optimize(model).step(closure) == losses[0]
    assert len(losses) == 1


def test_cycling_the_momentum_is_an_error() -> None:
    with pytest.raises(UsageError, match="optimizer=muon has no momentum to cycle"):
        run_preflight(make_config("data=digits", "optimizer=muon", "scheduler=one_cycle", "epochs=2"))


def test_copy_is_independent() -> None:
    model = small_model()
    copied = copy.deepcopy(optimize(model))
    filters, matrix = copied.param_groups[0]["params"]
    filters.grad, matrix.grad = torch.ones_like(filters), torch.ones_like(matrix)
    copied.step()
    assert not torch.equal(filters, model[2].weight)
    assert not torch.equal(matrix, model[5].weight)


def test_channels_last_filters_get_the_same_update() -> None:
    """Up to rounding: the convolution itself adds in another order."""
    model, channels_last = small_model(), small_model().to(memory_format=torch.channels_last)
    for network in (model, channels_last):
        update(network, optimize(network), steps=3)
    assert not channels_last[2].weight.is_contiguous()
    torch.testing.assert_close(channels_last[2].weight, model[2].weight, rtol=0.01, atol=1e-4)


def test_filters_can_be_left_to_adamw() -> None:
    model = small_model()
    optimizer = optimize(model, convolutions=False)
    assert [id(weight) for weight in optimizer.param_groups[0]["params"]] == [id(model[5].weight)]


def test_gradients_are_freed() -> None:
    model = small_model()
    optimizer = optimize(model)
    update(model, optimizer)
    gradient = weakref.ref(model[2].weight.grad.untyped_storage())
    model.zero_grad()
    assert gradient() is None


def test_weight_without_a_gradient_stays() -> None:
    model = small_model()
    before = model[2].weight.detach().clone()
    model[2].weight.requires_grad_(False)
    optimizer = optimize(model)
    update(model, optimizer, steps=2)
    assert torch.equal(model[2].weight, before)
    assert model[2].weight not in optimizer.state
