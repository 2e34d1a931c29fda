"""Data sets as tensors on the device: the official splits, a fixed validation set, and batches by index."""

from __future__ import annotations

import functools
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from src.config.schema import DataConfig
from src.data import archives
from src.errors import UsageError
from src.seeding import generator

VALIDATION_SEED = 20_201  # every run uses the same validation set, whatever its seed


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
    """Training and validation sets on the device; the test set is read only when `test` is called, at the end."""

    config: DataConfig
    device: torch.device
    train: Split
    val: Split
    val_digest: str  # hash of the indices of the validation examples

    def test(self) -> Split:
        return _read_official(self.config, "test").to(self.device)

    def normalized(self, images: Tensor) -> Tensor:
        """Converts uint8 pixels to float32 with mean 0 and standard deviation 1 over the training set."""
        # Two in-place passes over one new tensor; the obvious expression allocates a tensor for every operation.
        return images.to(torch.float32).sub_(255 * self.config.mean).mul_(1 / (255 * self.config.std))

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

    Raises:
        UsageError: an archive is missing or damaged, or the data set does not have the configured size.
    """
    official = _read_official(config, "train")
    num_classes = int(official.labels.max()) + 1
    if num_classes > config.num_classes:
        raise UsageError(f"data.num_classes={config.num_classes}: {config.name} has {num_classes} classes")
    train, val = _split_indices(config.num_train, config.num_val)
    return Dataset(
        config=config,
        device=device,
        train=_subset(official, train).to(device),
        val=_subset(official, val).to(device),
        val_digest=_digest(val),
    )


@functools.cache  # a sweep asks for it once per job
def validation_digest(num_train: int, num_val: int) -> str:
    """`Dataset.val_digest` of an official training set of this size, without reading it."""
    return _digest(_split_indices(num_train, num_val)[1])


def _split_indices(num_train: int, num_val: int) -> tuple[Tensor, Tensor]:
    """The indices of the training and of the validation examples in the official training set."""
    permutation = torch.randperm(num_train, generator=torch.Generator().manual_seed(VALIDATION_SEED))
    return permutation[num_val:].sort().values, permutation[:num_val].sort().values


def _digest(indices: Tensor) -> str:
    return hashlib.sha256(indices.numpy().tobytes()).hexdigest()[:16]


def _subset(split: Split, indices: Tensor) -> Split:
    return Split(split.images[indices], split.labels[indices])


def _read_official(config: DataConfig, part: str) -> Split:
    """Returns the official training or test set in its original order."""
    split = _read_archives(config, part) if config.archives else _read_digits(config, part)
    expected = {"train": config.num_train, "test": config.num_test}[part]
    if len(split) != expected:
        raise UsageError(f"data.num_{part}={expected}: the {part} split of {config.name} has {len(split)} examples")
    return split


def _read_archives(config: DataConfig, part: str) -> Split:
    images = _parse_idx(archives.read(config, f"{part}_images")).unsqueeze(1)
    labels = _parse_idx(archives.read(config, f"{part}_labels")).long()
    return Split(images, labels)


def _parse_idx(archive: bytes) -> Tensor:
    """Parses a gzipped IDX file of bytes: two zero bytes, type 8, the number of dimensions, the sizes, the values.

    torchvision's reader needs the decompressed file on disk, and importing it takes about two seconds.
    """
    content = bytearray(gzip.decompress(archive))
    num_dims = content[3]
    sizes = [int.from_bytes(content[4 + 4 * dim : 8 + 4 * dim], "big") for dim in range(num_dims)]
    return torch.frombuffer(content, dtype=torch.uint8, offset=4 + 4 * num_dims).view(sizes)


def _read_digits(config: DataConfig, part: str) -> Split:
    """Returns scikit-learn's 8x8 digits scaled to 28x28; a fixed permutation replaces the missing official split."""
    from sklearn.datasets import load_digits

    bundle = load_digits()
    small = torch.from_numpy(bundle.images).float().unsqueeze(1)
    large = torch.nn.functional.interpolate(small, size=(28, 28), mode="bilinear", align_corners=False)
    images = (large * (255 / 16)).round().to(torch.uint8)
    labels = torch.from_numpy(bundle.target).long()
    permutation = torch.randperm(len(labels), generator=torch.Generator().manual_seed(VALIDATION_SEED))
    indices = permutation[: config.num_test] if part == "test" else permutation[config.num_test :]
    return _subset(Split(images, labels), indices)
