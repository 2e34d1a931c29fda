"""Distribution of the initialized weights, and the parameters that are left unchanged."""

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


def initialized_weights(name: str) -> dict[str, Tensor]:
    """Weights, without biases, of layers that are large enough for statistics."""
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


def test_linear_convolution_and_attention_weights_are_covered() -> None:
    assert list(initialized_weights("orthogonal")) == [
        "wide.weight", "tall.weight", "conv.weight", "attention.in_proj_weight", "attention.out_proj.weight",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["kaiming_normal", "kaiming_uniform"])
def test_kaiming_variance_is_two_over_fan_in(name: str) -> None:
    for weight in initialized_weights(name).values():
        fan_in, _ = fans(weight)
        assert weight.std().item() == pytest.approx(math.sqrt(2 / fan_in), rel=0.04)
        assert weight.mean().item() == pytest.approx(0, abs=0.1 * math.sqrt(2 / fan_in))
        limit = math.sqrt(6 / fan_in)
        assert (weight.abs().max().item() <= limit) == (name == "kaiming_uniform")


def test_xavier_variance_depends_on_both_fans() -> None:
    for weight in initialized_weights("xavier_uniform").values():
        variance = 2 / sum(fans(weight))
        assert weight.std().item() == pytest.approx(math.sqrt(variance), rel=0.04)
        assert weight.abs().max().item() <= math.sqrt(3 * variance)


def test_orthogonal_weights_have_orthonormal_rows_or_columns() -> None:
    for weight in initialized_weights("orthogonal").values():
        matrix = weight.flatten(1)
        wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
        torch.testing.assert_close(wide @ wide.T, torch.eye(len(wide)), atol=1e-5, rtol=0)


def test_truncated_normal_is_cut_at_two_standard_deviations() -> None:
    for weight in initialized_weights("truncated_normal").values():
        assert weight.abs().max().item() <= 0.04
        assert weight.std().item() == pytest.approx(0.8796 * 0.02, rel=0.04)  # standard deviation after truncation


@pytest.mark.parametrize("name", INITIALIZATIONS)
def test_biases_are_zeroed_and_other_parameters_unchanged(name: str) -> None:
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
def test_init_torch_keeps_the_default_weights(override: str) -> None:
    model = build_model(make_config("model=lenet", override).model, seed=3)
    torch.manual_seed(derived_seed(3, "init"))
    for weight, expected in zip(model.parameters(), lenet(10).parameters(), strict=True):
        assert torch.equal(weight, expected)


@pytest.mark.parametrize("name", INITIALIZATIONS)
def test_initial_weights_depend_only_on_the_seed(name: str) -> None:
    config = make_config("model=lenet", f"model.init={name}").model
    torch.manual_seed(1)
    first = build_model(config, seed=0)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    second, other_seed = build_model(config, seed=0), build_model(config, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    for weight, same, other in zip(first.parameters(), second.parameters(), other_seed.parameters(), strict=True):
        assert torch.equal(weight, same)
        assert weight.ndim == 1 or not torch.equal(weight, other)


@pytest.mark.parametrize("name", ["he", "null", "[]"])
def test_unknown_initialization_is_an_error(name: str) -> None:
    with pytest.raises(UsageError) as error:
        build_model(make_config("model=lenet", f"model.init={name}").model, seed=0)
    expected = "must be one of torch, kaiming_normal, kaiming_uniform, xavier_uniform, orthogonal, truncated_normal"
    assert expected in str(error.value)
