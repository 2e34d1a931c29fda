"""What each initialisation promises of the weights, and what it leaves alone."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from src.errors import UsageError
from src.models.build import build_model
from src.models.initialization import INITIALIZATIONS, initialize
from src.models.networks import lenet
from src.seeding import derived_seed
from tests.conftest import make_config


def drawn(name: str) -> dict[str, Tensor]:
    """The weights, without the biases, of layers large enough for statistics."""
    torch.manual_seed(0)
    model = nn.ModuleDict(
        {
            "wide": nn.Linear(400, 120),
            "tall": nn.Linear(120, 400),
            "conv": nn.Conv2d(16, 64, 5),
            "attention": nn.MultiheadAttention(64, 4),
        }
    )
    initialize(model, name)
    return {key: weight.detach() for key, weight in model.named_parameters() if not key.endswith("bias")}


def fans(weight: Tensor) -> tuple[int, int]:
    receptive = math.prod(weight.shape[2:])
    return weight.shape[1] * receptive, weight.shape[0] * receptive


def test_every_weight_is_drawn() -> None:
    assert list(drawn("orthogonal")) == [
        "wide.weight", "tall.weight", "conv.weight", "attention.in_proj_weight", "attention.out_proj.weight",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["kaiming_normal", "kaiming_uniform"])
def test_kaiming_has_two_over_fan_in_for_a_variance(name: str) -> None:
    for weight in drawn(name).values():
        fan_in, _ = fans(weight)
        assert weight.std().item() == pytest.approx(math.sqrt(2 / fan_in), rel=0.04)
        assert weight.mean().item() == pytest.approx(0, abs=0.1 * math.sqrt(2 / fan_in))
        limit = math.sqrt(6 / fan_in)
        assert (weight.abs().max().item() <= limit) == (name == "kaiming_uniform")


def test_xavier_looks_both_ways() -> None:
    for weight in drawn("xavier_uniform").values():
        variance = 2 / sum(fans(weight))
        assert weight.std().item() == pytest.approx(math.sqrt(variance), rel=0.04)
        assert weight.abs().max().item() <= math.sqrt(3 * variance)


def test_orthogonal_rows_or_columns_are_orthonormal() -> None:
    for weight in drawn("orthogonal").values():
        matrix = weight.flatten(1)
        short = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
        torch.testing.assert_close(short @ short.T, torch.eye(len(short)), atol=1e-5, rtol=0)


def test_the_truncated_normal_ends_at_two_standard_deviations() -> None:
    for weight in drawn("truncated_normal").values():
        assert weight.abs().max().item() <= 0.04
        assert weight.std().item() == pytest.approx(0.8796 * 0.02, rel=0.04)  # what the cut leaves of a normal's


@pytest.mark.parametrize("name", INITIALIZATIONS)
def test_biases_are_zero_and_what_is_no_layer_stays(name: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv1d(1, 4, 3), nn.BatchNorm1d(4), nn.LayerNorm(4), nn.Embedding(3, 4), nn.Linear(4, 4))
    model.register_parameter("positions", nn.Parameter(torch.ones(1, 3, 4)))
    for norm in (model[1], model[2]):
        nn.init.constant_(norm.weight, 0.5)
        nn.init.constant_(norm.bias, 0.25)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    initialize(model, name)
    changed = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert changed == {"0.weight", "0.bias", "4.weight", "4.bias"}
    assert not model[0].bias.any()
    assert not model[4].bias.any()


@pytest.mark.parametrize("override", ["model.init=torch", "~model.init"])
def test_the_weights_that_the_layers_come_with(override: str) -> None:
    model = build_model(make_config("model=lenet", override).model, seed=3)
    torch.manual_seed(derived_seed(3, "init"))
    for found, expected in zip(model.parameters(), lenet(10).parameters(), strict=True):
        assert torch.equal(found, expected)


@pytest.mark.parametrize("name", INITIALIZATIONS)
def test_initial_weights_are_a_function_of_the_seed(name: str) -> None:
    config = make_config("model=lenet", f"model.init={name}").model
    torch.manual_seed(1)
    first = build_model(config, seed=0)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    again, other = build_model(config, seed=0), build_model(config, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    for one, two, three in zip(first.parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)
        assert one.ndim == 1 or not torch.equal(one, three)


@pytest.mark.parametrize("name", ["he", "null", "[]"])
def test_an_unknown_initialisation_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as refusal:
        build_model(make_config("model=lenet", f"model.init={name}").model, seed=0)
    assert "must be one of torch, kaiming_normal, kaiming_uniform, xavier_uniform, orthogonal, truncated_normal" in str(
        refusal.value
    )
