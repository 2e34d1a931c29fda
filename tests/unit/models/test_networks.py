"""Shapes, sizes and structure of the networks, and errors for configs that cannot work."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from src.config import CONF
from src.config.schema import Config
from src.errors import UsageError
from src.models.build import build_model, check_model
from src.models.networks import PreActivationBlock
from tests.conftest import make_config

# Computed by hand from the layer shapes.
NUM_PARAMETERS = {
    "softmax": 784 * 10 + 10,
    "mlp": (784 * 128 + 128) + (128 * 128 + 128) + (128 * 10 + 10),
    "mlp_bn": (784 * 128 + 2 * 128) + (128 * 128 + 2 * 128) + (128 * 10 + 10),
    "lenet": (25 * 6 + 6) + (25 * 6 * 16 + 16) + (400 * 120 + 120) + (120 * 84 + 84) + (84 * 10 + 10),
    "cnn": (9 * 32 + 32) + (9 * 32 * 64 + 64) + (9216 * 128 + 128) + (128 * 10 + 10),
    "resnet": (9 * 16)
    + (2 * 16 + 9 * 16 * 16 + 2 * 16 + 9 * 16 * 16)
    + (2 * 16 + 9 * 16 * 32 + 2 * 32 + 9 * 32 * 32 + 16 * 32)
    + (2 * 32 + 9 * 32 * 64 + 2 * 64 + 9 * 64 * 64 + 32 * 64)
    + (2 * 64 + 64 * 10 + 10),
    "vit": (49 * 64 + 64)
    + 16 * 64
    + 4 * (2 * 64 + (64 * 192 + 192) + (64 * 64 + 64) + 2 * 64 + (64 * 128 + 128) + (128 * 64 + 64))
    + (2 * 64 + 64 * 10 + 10),
}


def test_every_model_has_an_expected_size() -> None:
    assert sorted(NUM_PARAMETERS) == sorted(path.stem for path in (CONF / "model").glob("*.yaml"))


@pytest.mark.parametrize("name", NUM_PARAMETERS)
def test_model_size_output_and_gradients(name: str) -> None:
    model = build_model(make_config(f"model={name}").model, seed=0)
    assert sum(weight.numel() for weight in model.parameters()) == NUM_PARAMETERS[name]
    logits = model(torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(0)))
    assert logits.shape == (3, 10)
    functional.cross_entropy(logits, torch.arange(3)).backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in model.parameters())


def test_initial_weights_depend_only_on_the_seed() -> None:
    config = make_config("model=mlp").model
    torch.manual_seed(1)
    first = build_model(config, seed=0)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    second, other_seed = build_model(config, seed=0), build_model(config, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    for weight, same, other in zip(first.parameters(), second.parameters(), other_seed.parameters(), strict=True):
        assert torch.equal(weight, same)
        assert not torch.equal(weight, other)


def test_mlp_widths_and_dropout_come_from_the_config() -> None:
    model = build_model(make_config("model=mlp", "model.hidden=[7]", "model.dropout=0.5").model, seed=0)
    assert [tuple(weight.shape) for weight in model.parameters()] == [(7, 784), (7,), (10, 7), (10,)]
    assert any(isinstance(layer, torch.nn.Dropout) and layer.p == 0.5 for layer in model.modules())


def test_batch_norm_precedes_relu() -> None:
    model = build_model(make_config("model=mlp_bn", "model.hidden=[7]").model, seed=0)
    assert [type(layer).__name__ for layer in model.children()] == [
        "Flatten",
        "Linear",
        "BatchNorm1d",
        "ReLU",
        "Linear",
    ]


def test_resnet_stages_and_blocks_come_from_the_config() -> None:
    config = make_config("model=resnet", "model.widths=[4,8]", "model.num_blocks=2", "model.stem_stride=1").model
    model = build_model(config, seed=0)
    shapes: list[tuple[int, ...]] = []
    for block in model.modules():
        if isinstance(block, PreActivationBlock):
            block.register_forward_hook(lambda _, __, output: shapes.append(tuple(output.shape[1:])))
    model(torch.zeros(2, 1, 28, 28))
    assert shapes == [(4, 28, 28), (4, 28, 28), (8, 14, 14), (8, 14, 14)]


def test_residual_block_without_residual_is_the_identity() -> None:
    images = torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    block = PreActivationBlock(4, 4, stride=1)
    torch.nn.init.zeros_(block.conv2.weight)
    assert torch.equal(block(images), images)


def test_vision_transformer_depends_on_patch_position() -> None:
    model = build_model(make_config("model=vit", "model.depth=1").model, seed=0)
    images = torch.zeros(2, 1, 28, 28)
    images[0, :, :7, :7] = images[1, :, 7:14, 7:14] = 1
    first, second = model(images)
    assert not torch.allclose(first, second)


def test_vision_transformer_agrees_in_training_and_evaluation() -> None:
    model = build_model(make_config("model=vit", "model.depth=2").model, seed=0)
    images = torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    expected = model(images).detach()
    with torch.inference_mode():  # torch uses its fast path here
        torch.testing.assert_close(model.eval()(images), expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.hidden=[a]", "model.hidden=['a']: must be a list"),
        ("model.dropout=2", "between 0 and 1"),
        ("model._target_=torch.nn.LeNet", "model._target_=torch.nn.LeNet: cannot be found"),
        ("model._target_=src.seeding.derived_seed", "model.hidden: no such parameter; derived_seed takes seed"),
        ("+model.width=3", "model.width: no such parameter; mlp takes num_classes, hidden, dropout"),
    ],
)
def test_model_that_cannot_be_built_is_an_error(override: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        build_model(make_config("model=mlp", override).model, seed=0)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.patch_size=5", "patch_size=5 must divide the image's side of 28"),
        ("model.patch_size=0", "patch_size=0"),
        ("model.num_heads=3", "divisible by num_heads"),
        ("model.depth=many", "model.depth='many': must be an integer"),
    ],
)
def test_impossible_vision_transformer_is_an_error(override: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        build_model(make_config("model=vit", override).model, seed=0)
    assert message in str(error.value)


def check_config(config: Config) -> None:
    check_model(config, build_model(config.model, config.seed))


def flat(num_classes: int) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(100, num_classes))


def one_output(num_classes: int) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 1))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("model=mlp_bn", "batch_size=157"), "the last batch of an epoch has one example: choose another batch_size"),
        ((f"model._target_={__name__}.flat",), "model=flat rejects images of shape (2, 1, 28, 28): mat1 and"),
        (
            (f"model._target_={__name__}.one_output",),
            "returns a tensor of shape (2, 1); it must return logits of shape (2, 10)",
        ),
    ],
)
def test_model_that_cannot_be_trained_is_an_error(overrides: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as error:
        check_config(make_config("data=digits", "model=softmax", *overrides))
    assert message in str(error.value)


def test_model_without_batch_norm_accepts_a_last_batch_of_one() -> None:
    check_config(make_config("data=digits", "model=mlp", "batch_size=157"))


def test_checking_a_model_leaves_the_global_generator_unchanged() -> None:
    before = torch.get_rng_state()
    check_config(make_config("data=digits", "model=mlp", "model.dropout=0.5"))
    assert torch.equal(torch.get_rng_state(), before)


def test_checking_a_model_leaves_its_running_statistics_alone() -> None:
    config = make_config("data=digits", "model=mlp_bn")
    model = build_model(config.model, config.seed)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    check_model(config, model)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
