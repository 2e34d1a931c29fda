"""Shapes, sizes, and initial weights that depend on the seed alone."""

from __future__ import annotations

import pytest
import torch

from src.errors import UsageError
from src.models import build_model
from tests.conftest import make_config

# Counted by hand from the layers' shapes.
PARAMETERS = {
    "softmax": 784 * 10 + 10,
    "mlp": (784 * 128 + 128) + (128 * 128 + 128) + (128 * 10 + 10),
    "lenet": (25 * 6 + 6) + (25 * 6 * 16 + 16) + (400 * 120 + 120) + (120 * 84 + 84) + (84 * 10 + 10),
    "cnn": (9 * 32 + 32) + (9 * 32 * 64 + 64) + (9216 * 128 + 128) + (128 * 10 + 10),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_model(name: str) -> None:
    model = build_model(make_config(f"model={name}").model, seed=0)
    assert sum(weight.numel() for weight in model.parameters()) == PARAMETERS[name]
    assert model(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


def test_initial_weights_are_a_function_of_the_seed() -> None:
    config = make_config("model=mlp").model
    torch.manual_seed(1)
    first = build_model(config, seed=0)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    again, other = build_model(config, seed=0), build_model(config, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    for one, two, three in zip(first.parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)
        assert not torch.equal(one, three)


def test_widths_come_from_the_config() -> None:
    model = build_model(make_config("model=mlp", "model.hidden=[7]", "model.dropout=0.5").model, seed=0)
    assert [tuple(weight.shape) for weight in model.parameters()] == [(7, 784), (7,), (10, 7), (10,)]
    assert any(isinstance(layer, torch.nn.Dropout) and layer.p == 0.5 for layer in model.modules())


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("model.hidden=[a]", "model.hidden=['a']: must be a list"),
        ("model.dropout=2", "between 0 and 1"),
        ("model._target_=torch.nn.LeNet", "model._target_=torch.nn.LeNet: cannot be found"),
        ("model._target_=src.models.derived_seed", "model.hidden: no such parameter; derived_seed takes seed"),
        ("+model.width=3", "model.width: no such parameter; mlp takes num_classes, hidden, dropout"),
    ],
)
def test_a_model_that_cannot_be_built_is_refused(override: str, says: str) -> None:
    with pytest.raises(UsageError) as refusal:
        build_model(make_config("model=mlp", override).model, seed=0)
    assert says in str(refusal.value)
