"""Data sets as tensors on the device: the official splits, a fixed validation set, and batches by index."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from src.config.schema import DataConfig
from src.data import archives
from src.data.digits import load_digits
from src.data.formats import parse_array
from src.errors import UsageError
from src.seeding import generator

SIDE = 28  # pixels per side of an image
VALIDATION_SEED = 20_201  # every run uses the same validation set, whatever its seed
_CHECKED: set[tuple[object, ...]] = set()  # test files


@dataclass(frozen=True)
class Split:
    """Images (N, 1, 28, 28) as uint8 and labels (N,) as int64, on the device."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device) -> Split:
        return Split(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Dataset:
    """Training and validation sets on the device; the test set is kept out until `test` is called, at the end."""

    config: DataConfig
    device: torch.device
    train: Split
    val: Split
    val_digest: str  # see `validation_set`
    mean: float  # of the training pixels, scaled to 0..1
    std: float

    def test(self) -> Split:
        return _read_official(self.config, "test").to(self.device)

    def normalized(self, images: Tensor) -> Tensor:
        """Converts uint8 pixels to float32 with mean 0 and standard deviation 1 over the training set."""
        # Two in-place passes over one new tensor; the obvious expression allocates a tensor for every operation.
        return images.to(torch.float32).sub_(255 * self.mean).mul_(1 / (255 * self.std))

    def batches(self, split: Split, indices: Tensor, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yields normalized images and their labels in the order of `indices`; the last batch may be smaller."""
        is_single = len(indices) <= batch_size  # the usual case; skips the cost of torch.split
        for batch in (indices,) if is_single else torch.split(indices, batch_size):
            images = split.images.index_select(0, batch)
            yield self.normalized(images), split.labels.index_select(0, batch)

    def train_order(self, seed: int, epoch: int) -> Tensor:
        """Returns the training indices in the order of one epoch, which depends only on `seed` and `epoch`."""
        order = torch.randperm(len(self.train), generator=generator(seed, "order", epoch))
        return order.to(self.device)


def load(config: DataConfig, device: torch.device) -> Dataset:
    """Reads the official training set and splits the validation set off it.

    The test files are only checked: whoever gives wrong ones should know before the training.

    Raises:
        UsageError: a file is missing or damaged, or the data set does not have the configured sizes and classes.
    """
    official = _read_official(config, "train")
    num_classes = int(official.labels.max()) + 1
    if num_classes != config.num_classes:
        raise UsageError(f"data.num_classes={config.num_classes}: {config.name} has {num_classes} classes")
    if config.archives:
        _check_test_files(config)
    train_indices, val_indices = _split_indices(config.num_train, config.num_val)
    train = _subset(official, train_indices)
    mean, std = _statistics(config, train)
    return Dataset(
        config=config,
        device=device,
        train=train.to(device),
        val=_subset(official, val_indices).to(device),
        val_digest=validation_set(config),
        mean=mean,
        std=std,
    )


def _check_test_files(config: DataConfig) -> None:
    key = (archives.versions(config, "test_images", "test_labels"), config.num_test, config.num_classes)
    if key not in _CHECKED:  # by an earlier run of this process
        _read_official(config, "test")
        _CHECKED.add(key)


def validation_set(config: DataConfig) -> str:
    """A hash of the indices of the validation examples and of the files that the config names without their MD5."""
    indices = validation_digest(config.num_train, config.num_val)
    content = archives.unverified_digest(config)
    return hashlib.sha256(f"{indices} {content}".encode()).hexdigest()[:16] if content else indices


@functools.cache  # a sweep asks for it once per job
def validation_digest(num_train: int, num_val: int) -> str:
    """A hash of the indices of the validation examples in an official training set of this size."""
    return _digest(_split_indices(num_train, num_val)[1])


def _split_indices(num_train: int, num_val: int) -> tuple[Tensor, Tensor]:
    """The indices of the training and of the validation examples in the official training set."""
    permutation = torch.randperm(num_train, generator=torch.Generator().manual_seed(VALIDATION_SEED))
    return permutation[num_val:].sort().values, permutation[:num_val].sort().values


def _digest(indices: Tensor) -> str:
    return hashlib.sha256(indices.numpy().tobytes()).hexdigest()[:16]


def _subset(split: Split, indices: Tensor) -> Split:
    return Split(split.images[indices], split.labels[indices])


def _statistics(config: DataConfig, train: Split) -> tuple[float, float]:
    """Mean and standard deviation of the training pixels, scaled to 0..1: as configured, or computed.

    Raises:
        UsageError: all pixels are equal, so that nothing can be learned.
    """
    if config.mean is not None and config.std is not None:
        return config.mean, config.std
    counts = torch.bincount(train.images.flatten(), minlength=256).double()
    shares, values = counts / counts.sum(), torch.arange(256, dtype=torch.float64) / 255
    mean = float((shares * values).sum())
    std = float((shares * (values - mean) ** 2).sum().sqrt())
    if not std:
        raise UsageError(f"data={config.name}: all pixels of the training images are {255 * mean:g}")
    return mean if config.mean is None else config.mean, std if config.std is None else config.std


def _read_official(config: DataConfig, part: str) -> Split:
    """Returns the official training or test set in its original order."""
    split = _read_archives(config, part) if config.archives else _read_digits(config, part)
    expected = {"train": config.num_train, "test": config.num_test}[part]
    if len(split) != expected:
        raise UsageError(f"data.num_{part}={expected}: the {part} split of {config.name} has {len(split)} examples")
    return split


def _read_archives(config: DataConfig, part: str) -> Split:
    images, labels = _read_array(config, f"{part}_images"), _read_array(config, f"{part}_labels")
    if images.dtype != torch.uint8 or images.shape[1:] != (SIDE, SIDE):
        expected = f"uint8 values from 0 to 255 of shape (N, {SIDE}, {SIDE})"
        raise _unexpected(config, f"{part}_images", images, expected)
    if labels.is_floating_point() or labels.is_complex() or labels.shape != images.shape[:1]:
        raise _unexpected(config, f"{part}_labels", labels, f"{len(images)} integers, one per image")
    labels = labels.long()  # torch has no minimum of uint16
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < config.num_classes:
        raise UsageError(
            f"data.num_classes={config.num_classes}: the {part} labels of {config.name} are {int(labels.min())} to "
            f"{int(labels.max())}, expected 0 to {config.num_classes - 1}"
        )
    return Split(images.unsqueeze(1), labels)


def _read_array(config: DataConfig, part: str) -> Tensor:
    return parse_array(archives.read(config, part), str(archives.archive_path(config, part)))


def _unexpected(config: DataConfig, part: str, values: Tensor, expected: str) -> UsageError:
    kind, path = str(values.dtype).removeprefix("torch."), archives.archive_path(config, part)
    return UsageError(
        f"data={config.name}: {path} holds {kind} values of shape {tuple(values.shape)}, expected {expected}"
    )


def _read_digits(config: DataConfig, part: str) -> Split:
    """Returns scikit-learn's 8x8 digits scaled to 28x28; a fixed permutation replaces the missing official split."""
    small_images, numbers = load_digits()
    small = torch.from_numpy(small_images).float().unsqueeze(1)
    large = torch.nn.functional.interpolate(small, size=(28, 28), mode="bilinear", align_corners=False)
    images = (large * (255 / 16)).round().to(torch.uint8)
    labels = torch.from_numpy(numbers).long()
    permutation = torch.randperm(len(labels), generator=torch.Generator().manual_seed(VALIDATION_SEED))
    indices = permutation[: config.num_test] if part == "test" else permutation[config.num_test :]
    return _subset(Split(images, labels), indices)
