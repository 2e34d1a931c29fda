"""Official splits as tensors, a fixed validation set, batches by index."""

from __future__ import annotations

import gzip
import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from src.config.schema import DataConfig
from src.data import archives
from src.data import dataset as data
from src.data.torchvision import dataset_class
from src.errors import UsageError
from tests.conftest import make_config

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits() -> data.Dataset:
    return data.load(make_config("data=digits").data, CPU)


def test_splits_have_the_configured_sizes_and_types(digits: data.Dataset) -> None:
    sizes = [len(split) for split in (digits.train, digits.val, digits.test())]
    assert sizes == [1257, 180, 360]
    assert digits.train.images.shape == (1257, 1, 28, 28)
    assert digits.train.images.dtype is torch.uint8
    assert digits.train.labels.dtype is torch.int64


def test_splits_do_not_overlap(digits: data.Dataset) -> None:
    train, val, test = (
        {image.numpy().tobytes() for image in split.images} for split in (digits.train, digits.val, digits.test())
    )
    assert not train & val
    assert not train & test
    assert not val & test


def test_validation_set_does_not_depend_on_the_seed() -> None:
    first = data.load(make_config("data=digits", "seed=0").data, CPU)
    second = data.load(make_config("data=digits", "seed=1").data, CPU)
    assert first.val_digest == second.val_digest
    assert torch.equal(first.val.images, second.val.images)


def test_hash_of_the_validation_set_is_known_without_reading_it(digits: data.Dataset) -> None:
    assert data.validation_digest(1437, 180) == digits.val_digest != data.validation_digest(1437, 181)


def test_train_order_is_a_permutation_that_depends_on_seed_and_epoch(digits: data.Dataset) -> None:
    order = digits.train_order(seed=3, epoch=1)
    assert torch.equal(order.sort().values, torch.arange(1257))
    assert torch.equal(order, digits.train_order(seed=3, epoch=1))
    assert not torch.equal(order, digits.train_order(seed=3, epoch=2))
    assert not torch.equal(order, digits.train_order(seed=4, epoch=1))


def test_batches_pair_images_with_their_labels(digits: data.Dataset) -> None:
    indices = torch.tensor([5, 900, 17])
    (images, labels), (last_images, _) = digits.batches(digits.train, indices, batch_size=2)
    assert torch.equal(labels, digits.train.labels[[5, 900]])
    assert len(last_images) == 1
    mean, std = digits.mean, digits.std
    assert torch.allclose(images, (digits.train.images[[5, 900]] / 255 - mean) / std, atol=1e-5)


def test_training_pixels_are_standardized(digits: data.Dataset) -> None:
    pixels = digits.normalized(digits.train.images)
    assert pixels.mean().item() == pytest.approx(0, abs=1e-3)
    assert pixels.std().item() == pytest.approx(1, abs=1e-3)


def test_wrong_configured_size_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"data\.num_train=1000: the train split of digits has 1437 examples"):
        data.load(make_config("data=digits", "data.num_train=1000").data, CPU)


def idx_file(values: torch.Tensor) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
    return bytes([0, 0, 8, values.ndim]) + sizes + values.to(torch.uint8).numpy().tobytes()


def test_archives_are_decoded_as_by_torchvision(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    images, labels = torch.randint(256, (7, 28, 28), generator=generator), torch.tensor([3, 1, 4, 1, 5, 9, 2])
    config = make_config("data=mnist").data
    parts: dict[str, Any] = {}
    arrays = {"train_images": images, "train_labels": labels, "test_images": images[:3], "test_labels": labels[4:]}
    for part, values in arrays.items():
        name, content = config.archives[part]["file"], idx_file(values)
        path = tmp_path / "MNIST" / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content))
        path.with_suffix("").write_bytes(content)  # torchvision reads decompressed files
        parts[part] = {"file": name, "md5": hashlib.md5(path.read_bytes()).hexdigest()}
    sizes = {"num_train": 7, "num_val": 1, "num_test": 3}
    loaded = data.load(replace(config, archives=parts, root=str(tmp_path), **sizes), CPU)
    reference, test = (dataset_class(config.source)(tmp_path, train=is_train) for is_train in (True, False))
    order = torch.randperm(7, generator=torch.Generator().manual_seed(data.VALIDATION_SEED))
    val, train = order[:1], order[1:].sort().values
    assert torch.equal(loaded.val.images.squeeze(1), reference.data[val])
    assert torch.equal(loaded.train.images.squeeze(1), reference.data[train])
    assert torch.equal(loaded.train.labels, reference.targets[train])
    assert torch.equal(loaded.test().images.squeeze(1), test.data)
    assert torch.equal(loaded.test().labels, test.targets)


IMAGES = np.arange(6 * 28 * 28, dtype=np.uint8).reshape(6, 28, 28)
LABELS = np.array([0, 1, 2, 2, 1, 0])


def own_data(folder: Path, **arrays: np.ndarray) -> DataConfig:
    """A data set of six training and six test images of one's own; `arrays` replaces files."""
    content = {part: IMAGES if part.endswith("images") else LABELS for part in archives.PARTS} | arrays
    for part, values in content.items():
        np.save(folder / f"{part}.npy", values)
    parts = {part: f"{part}.npy" for part in archives.PARTS}
    return DataConfig("own", 6, 2, 6, 3, parts, folder=str(folder))


def test_own_files_are_read(tmp_path: Path) -> None:
    own = data.load(own_data(tmp_path), CPU)
    everything = torch.cat([own.train.images, own.val.images]).squeeze(1).numpy()
    assert sorted(map(bytes, everything)) == sorted(map(bytes, IMAGES))
    assert own.test().labels.tolist() == LABELS.tolist()
    assert own.train.labels.dtype is torch.int64


def test_mean_and_std_are_computed_unless_given(tmp_path: Path) -> None:
    config = own_data(tmp_path)
    own = data.load(config, CPU)
    pixels = own.train.images.double() / 255
    assert (own.mean, own.std) == pytest.approx((pixels.mean().item(), pixels.std(correction=0).item()))
    assert own.normalized(own.train.images).std(correction=0).item() == pytest.approx(1)
    given = data.load(replace(config, mean=0.25), CPU)
    assert (given.mean, given.std) == (0.25, own.std)


def test_equal_pixels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="all pixels of the training images are 0"):
        data.load(own_data(tmp_path, train_images=0 * IMAGES), CPU)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"train_labels": LABELS.clip(max=1)}, r"data\.num_classes=3: own has 2 classes"),
        ({"train_labels": LABELS + 1}, r"data\.num_classes=3: the train labels of own are 1 to 3, expected 0 to 2"),
        ({"train_labels": LABELS[:5]}, r"train_labels\.npy holds int64 values of shape \(5,\), expected 6 integers"),
        ({"train_labels": LABELS / 2}, r"train_labels\.npy holds float64 values .* expected 6 integers"),
        ({"train_labels": LABELS * 1j}, r"train_labels\.npy holds complex128 values .* expected 6 integers"),
        ({"train_images": IMAGES / 255}, r"train_images\.npy holds float64 values .* expected uint8 values"),
        ({"train_images": IMAGES[:, :14]}, r"\(6, 14, 28\), expected uint8 values .* \(N, 28, 28\)"),
    ],
)
def test_own_files_that_do_not_fit_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        data.load(own_data(tmp_path, **arrays), CPU)


@pytest.mark.parametrize("dtype", [np.uint16, np.uint64, np.int8])
def test_labels_are_integers_of_any_type(tmp_path: Path, dtype: type) -> None:
    own = data.load(own_data(tmp_path, train_labels=LABELS.astype(dtype)), CPU)
    assert sorted(torch.cat([own.train.labels, own.val.labels]).tolist()) == sorted(LABELS.tolist())


def test_test_files_are_checked_before_the_training(tmp_path: Path) -> None:
    config = own_data(tmp_path)
    data.load(config, CPU)
    with pytest.raises(UsageError, match=r"data\.num_test=7: the test split of own has 6 examples"):
        data.load(replace(config, num_test=7), CPU)
    np.save(tmp_path / "test_labels.npy", np.append(LABELS, 0)[1:] + 3)
    os.utime(tmp_path / "test_labels.npy", ns=(0, 0))  # the same size, and perhaps the same instant
    with pytest.raises(UsageError, match="the test labels of own are 3 to 5, expected 0 to 2"):
        data.load(config, CPU)


def test_results_of_changed_files_without_md5_are_told_apart(tmp_path: Path) -> None:
    config = own_data(tmp_path)
    before = data.load(config, CPU).val_digest
    assert data.validation_set(config) == before
    np.save(tmp_path / "test_labels.npy", LABELS[::-1].astype(np.uint8))
    assert data.validation_set(config) != before
    assert data.validation_set(make_config("data=mnist").data) == data.validation_digest(60000, 5000)


@pytest.mark.mnist
def test_real_mnist(mirror: Path, tmp_path: Path) -> None:
    config = make_config(f"data.mirror={mirror}", f"data.root={tmp_path}").data
    archives.ensure(config)
    mnist = data.load(config, CPU)
    assert [len(split) for split in (mnist.train, mnist.val, mnist.test())] == [55000, 5000, 10000]
    label_counts = torch.cat([mnist.train.labels, mnist.val.labels]).bincount()
    assert label_counts.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert mnist.test().labels[:5].tolist() == [7, 2, 1, 0, 4]  # the first five of the official test set
    pixels = mnist.normalized(mnist.train.images[::10])
    assert pixels.mean().item() == pytest.approx(0, abs=0.01)
    assert pixels.std().item() == pytest.approx(1, abs=0.01)
