"""Official splits as tensors, a fixed validation set, batches by index."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from src.data import archives
from src.data import dataset as data
from src.errors import UsageError
from tests.conftest import make_config

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits() -> data.Dataset:
    return data.load(make_config("data=digits").data, CPU)


def test_splits_have_their_stated_sizes_and_types(digits: data.Dataset) -> None:
    sizes = [len(split) for split in (digits.train, digits.val, digits.test())]
    assert sizes == [1257, 180, 360]
    assert digits.train.images.shape == (1257, 1, 28, 28)
    assert digits.train.images.dtype is torch.uint8
    assert digits.train.labels.dtype is torch.int64


def test_splits_share_no_example(digits: data.Dataset) -> None:
    rows = [{row.numpy().tobytes() for row in split.images} for split in (digits.train, digits.val, digits.test())]
    assert not rows[0] & rows[1]
    assert not rows[0] & rows[2]
    assert not rows[1] & rows[2]


def test_the_validation_set_is_the_same_for_every_seed() -> None:
    first = data.load(make_config("data=digits", "seed=0").data, CPU)
    second = data.load(make_config("data=digits", "seed=1").data, CPU)
    assert first.val_digest == second.val_digest
    assert torch.equal(first.val.images, second.val.images)


def test_an_epoch_sees_every_example_once_in_an_order_of_seed_and_epoch(digits: data.Dataset) -> None:
    order = digits.train_order(seed=3, epoch=1)
    assert torch.equal(order.sort().values, torch.arange(1257))
    assert torch.equal(order, digits.train_order(seed=3, epoch=1))
    assert not torch.equal(order, digits.train_order(seed=3, epoch=2))
    assert not torch.equal(order, digits.train_order(seed=4, epoch=1))


def test_batches_keep_images_with_their_labels(digits: data.Dataset) -> None:
    indices = torch.tensor([5, 900, 17])
    (images, labels), (last, _) = digits.batches(digits.train, indices, batch_size=2)
    assert torch.equal(labels, digits.train.labels[[5, 900]])
    assert len(last) == 1
    mean, std = digits.config.mean, digits.config.std
    assert torch.allclose(images, (digits.train.images[[5, 900]] / 255 - mean) / std, atol=1e-5)


def test_training_pixels_are_standardised(digits: data.Dataset) -> None:
    pixels = digits.normalized(digits.train.images)
    assert pixels.mean().item() == pytest.approx(0, abs=1e-3)
    assert pixels.std().item() == pytest.approx(1, abs=1e-3)


def test_a_wrong_stated_size_is_refused() -> None:
    with pytest.raises(UsageError, match=r"data\.num_train=1000: digits has 1437"):
        data.load(make_config("data=digits", "data.num_train=1000").data, CPU)


@pytest.mark.mnist
def test_real_mnist(mirror: Path, tmp_path: Path) -> None:
    config = make_config(f"data.mirror={mirror}", f"data.root={tmp_path}").data
    archives.ensure(config)
    mnist = data.load(config, CPU)
    assert [len(split) for split in (mnist.train, mnist.val, mnist.test())] == [55000, 5000, 10000]
    official = torch.cat([mnist.train.labels, mnist.val.labels]).bincount()
    assert official.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert mnist.test().labels[:5].tolist() == [7, 2, 1, 0, 4]  # the first five of the official test set
    pixels = mnist.normalized(mnist.train.images[::10])
    assert pixels.mean().item() == pytest.approx(0, abs=0.01)
    assert pixels.std().item() == pytest.approx(1, abs=0.01)
