"""Stacked networks against the same networks one by one, in float64."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from src.models.lockstep import StackedModel, can_stack
from src.models.networks import VisionTransformer, cnn, lenet, mlp, mlp_bn, resnet, softmax

MODELS: dict[str, Callable[[], nn.Module]] = {
    "softmax": lambda: softmax(10),
    "mlp": lambda: mlp(10, [12, 8], dropout=0.3),
    "mlp_bn": lambda: mlp_bn(10, [12, 8]),
    "lenet": lambda: lenet(10),
    "cnn": lambda: cnn(10, dropout_conv=0.25, dropout_linear=0.5),
    "resnet": lambda: resnet(10, [4, 6], num_blocks=2, stem_stride=2),
}
NUM_NETWORKS, BATCH = 3, 6


def networks(name: str, memory_format: torch.memory_format) -> list[nn.Module]:
    torch.manual_seed(1)
    made = [MODELS[name]().double().to(memory_format=memory_format) for _ in range(NUM_NETWORKS)]  # type: ignore[call-overload]
    return [network.train() for network in made]


def batch() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    images = torch.randn(BATCH, 1, 28, 28, generator=generator, dtype=torch.float64)
    return images, torch.randint(0, 10, (BATCH,), generator=generator)


def layout(tensor: Tensor) -> list[int]:
    """Strides of the dimensions that matter."""
    return [stride for stride, size in zip(tensor.stride(), tensor.shape, strict=True) if size > 1]


def losses_of(stack: StackedModel, images: Tensor, labels: Tensor) -> Tensor:
    each = functional.cross_entropy(
        stack(images).transpose(1, 2).flatten(0, 1), labels.repeat(NUM_NETWORKS), reduction="none"
    )
    return each.view(NUM_NETWORKS, -1).mean(dim=1)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", MODELS)
def test_logits_gradients_statistics_and_masks_are_those_of_single_networks(
    name: str, memory_format: torch.memory_format
) -> None:
    members = networks(name, memory_format)
    singles = copy.deepcopy(members)
    stack = StackedModel(members).train()
    images, labels = batch()
    for _ in range(2):  # the second batch shows that the generator of the masks was used as often
        generator = torch.get_rng_state()
        losses_of(stack, images, labels).sum().backward()
        after_stack = torch.get_rng_state()
        for single in singles:
            torch.set_rng_state(generator)
            functional.cross_entropy(single(images), labels).backward()
        assert torch.equal(after_stack, torch.get_rng_state())
    stack.share_gradients()
    stack.check_views()
    for member, single in zip(members, singles, strict=True):
        for (key, ours), (_, reference) in zip(member.named_parameters(), single.named_parameters(), strict=True):
            assert ours.grad is not None
            torch.testing.assert_close(ours.grad, reference.grad, rtol=0, atol=1e-13, msg=key)
            assert layout(ours.grad) == layout(ours)  # fused optimizers go through memory
        for (key, ours), (_, reference) in zip(member.named_buffers(), single.named_buffers(), strict=True):
            torch.testing.assert_close(ours, reference, rtol=0, atol=1e-13, msg=key)


@pytest.mark.parametrize("name", MODELS)
def test_logits_in_evaluation_are_those_of_each_network(name: str) -> None:
    members = networks(name, torch.channels_last)
    stack = StackedModel(members).eval()
    images, _ = batch()
    with torch.no_grad():
        logits = stack(images)
        for member, ours in zip(members, logits, strict=True):
            torch.testing.assert_close(ours.t(), member.eval()(images), rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", MODELS)
def test_network_with_nan_harms_no_other(name: str) -> None:
    members = networks(name, torch.channels_last)
    stack = StackedModel(members).train()
    next(members[1].parameters()).data.fill_(math.nan)
    losses = losses_of(stack, *batch())
    losses.sum().backward()
    stack.share_gradients()
    assert losses.isfinite().tolist() == [True, False, True]
    for member, is_finite in zip(members, (True, False, True), strict=True):
        grads = [weight.grad for weight in member.parameters() if weight.grad is not None]
        assert all(bool(grad.isfinite().all()) for grad in grads) == is_finite


def test_update_in_place_of_a_network_changes_the_stack() -> None:
    members = networks("mlp_bn", torch.contiguous_format)
    stack = StackedModel(members).eval()
    images, _ = batch()
    before = stack(images)
    for weight in members[2].parameters():
        weight.data.mul_(0.5)
    after = stack(images)
    assert torch.equal(before[:2], after[:2])
    assert not torch.equal(before[2], after[2])


def test_replaced_weight_is_noticed() -> None:
    members = networks("mlp", torch.contiguous_format)
    stack = StackedModel(members)
    weight = next(members[1].parameters())
    weight.data = weight.data.clone()
    with pytest.raises(RuntimeError, match="weight of a layer was replaced"):
        stack.check_views()


def test_networks_with_other_layers_cannot_be_stacked() -> None:
    assert all(can_stack(make()) for make in MODELS.values())
    assert not can_stack(VisionTransformer(10, 7, 8, 1, 2, 8, 0.0))
    assert not can_stack(nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Tanh()))
    assert not can_stack(nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.1)))


def test_frozen_weight_stays_frozen() -> None:
    members = networks("mlp", torch.contiguous_format)
    for member in members:
        next(member.parameters()).requires_grad_(False)
    stack = StackedModel(members).train()
    losses_of(stack, *batch()).sum().backward()
    stack.share_gradients()
    assert all(next(member.parameters()).grad is None for member in members)
