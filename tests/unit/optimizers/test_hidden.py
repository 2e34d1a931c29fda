"""Which weights of a model are hidden, in whatever order its layers are registered."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from src.errors import UsageError
from src.models.build import build_model
from src.optimizers.hidden import hidden_weights
from tests.conftest import make_config

IMAGES = torch.zeros(2, 1, 28, 28)


def hidden_names(model: nn.Module) -> list[str]:
    hidden = set(map(id, hidden_weights(model, IMAGES)))
    return [name for name, weight in model.named_parameters() if id(weight) in hidden]


@pytest.mark.parametrize(
    ("overrides", "names"),
    [
        (["model=softmax"], []),
        (["model=mlp"], ["3.weight"]),
        (["model=mlp_bn"], ["4.weight"]),
        (["model=lenet"], ["3.weight", "7.weight", "9.weight"]),
        (["model=cnn"], ["2.weight", "7.weight"]),
        (["model=resnet"], [
            "1.conv1.weight", "1.conv2.weight", "2.conv1.weight", "2.conv2.weight", "2.projection.weight",
            "3.conv1.weight", "3.conv2.weight", "3.projection.weight",
        ]),
        (["model=vit", "model.depth=1"], [
            "blocks.0.self_attn.in_proj_weight", "blocks.0.self_attn.out_proj.weight", "blocks.0.linear1.weight",
            "blocks.0.linear2.weight",
        ]),
    ],
    ids=lambda value: value[0] if value else None,
)  # fmt: skip
def test_input_and_output_layers_are_not_hidden(overrides: list[str], names: list[str]) -> None:
    assert hidden_names(build_model(make_config(*overrides).model, seed=0)) == names


class HeadFirst(nn.Module):
    """Registers its layers in the reverse order of the forward pass, and draws noise in it."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(6, 10)
        self.body = nn.Linear(8, 6)
        self.table = nn.Embedding(3, 8)
        self.scales = nn.Parameter(torch.ones(8, 8))
        self.norm = nn.BatchNorm1d(8)
        self.stem = nn.Linear(784, 8)

    def forward(self, images: Tensor) -> Tensor:
        features = self.norm(self.stem(images.flatten(1))) @ self.scales + self.table(torch.tensor(1))
        return self.head(functional.dropout(self.body(features), 0.5))


def test_order_is_that_of_the_forward_pass() -> None:
    assert hidden_names(HeadFirst()) == ["body.weight"]


def test_model_and_random_numbers_stay_as_they_are() -> None:
    model = HeadFirst()
    before, state = {name: value.clone() for name, value in model.state_dict().items()}, torch.get_rng_state()
    hidden_weights(model, IMAGES)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(layer._forward_pre_hooks for layer in model.modules())


def test_shared_weight_of_the_output_layer_is_not_hidden() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Linear(10, 10), nn.Linear(10, 10), nn.Linear(10, 10))
    model[4].weight = model[2].weight
    assert hidden_names(model) == ["3.weight"]


class Functional(nn.Module):
    """Applies its output layer's weight without calling the layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.body, self.head = nn.Linear(784, 8), nn.Linear(8, 8), nn.Linear(8, 10)

    def forward(self, images: Tensor) -> Tensor:
        return functional.linear(self.body(self.stem(images.flatten(1))), self.head.weight)


def test_layer_whose_place_is_unknown_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"never calls head, .* call them as modules, remove them, or use"):
        hidden_weights(Functional(), IMAGES)
