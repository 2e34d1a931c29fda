"""Data sets as tensors on the device: the official split, and batches by index."""

from __future__ import annotations

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

VALIDATION_SEED = 20_201  # cuts the same validation set in every run, whatever its seed


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
    """The training and validation sets on the device; the test set is read when it is asked for, at the end."""

    config: DataConfig
    device: torch.device
    train: Split
    val: Split
    val_digest: str  # names the validation examples by a hash of their indices

    def test(self) -> Split:
        return _official(self.config, "test").to(self.device)

    def normalized(self, images: Tensor) -> Tensor:
        """uint8 pixels -> float32 of mean 0 and standard deviation 1 over the training set."""
        # Two passes in place over one new tensor; the obvious expression makes four.
        return images.to(torch.float32).sub_(255 * self.config.mean).mul_(1 / (255 * self.config.std))

    def batches(self, split: Split, indices: Tensor, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches of normalised images and labels, in the order of `indices`; the last may be smaller."""
        whole = len(indices) <= batch_size  # the usual case, spared the price of a split
        for chosen in (indices,) if whole else torch.split(indices, batch_size):
            images = split.images.index_select(0, chosen)
            yield self.normalized(images), split.labels.index_select(0, chosen)

    def train_order(self, seed: int, epoch: int) -> Tensor:
        """The training examples in the order of one epoch: a function of seed and epoch, nothing else."""
        order = torch.randperm(len(self.train), generator=generator(seed, "order", epoch))
        return order.to(self.device)


def load(config: DataConfig, device: torch.device) -> Dataset:
    """Reads the official training set and cuts the validation set from it.

    Raises:
        UsageError: an archive is missing, damaged, or not of the stated size.
    """
    official = _official(config, "train")
    classes = int(official.labels.max()) + 1
    if classes > config.num_classes:
        raise UsageError(f"data.num_classes={config.num_classes}: {config.name} has {classes} classes")
    permutation = torch.randperm(len(official), generator=torch.Generator().manual_seed(VALIDATION_SEED))
    val, train = permutation[: config.num_val].sort().values, permutation[config.num_val :].sort().values
    return Dataset(
        config=config,
        device=device,
        train=_take(official, train).to(device),
        val=_take(official, val).to(device),
        val_digest=hashlib.sha256(val.numpy().tobytes()).hexdigest()[:16],
    )


def _take(split: Split, indices: Tensor) -> Split:
    return Split(split.images[indices], split.labels[indices])


def _official(config: DataConfig, part: str) -> Split:
    """The official training or test set, in the order of its archive."""
    split = _from_archives(config, part) if config.archives else _digits(config, part)
    stated = {"train": config.num_train, "test": config.num_test}[part]
    if len(split) != stated:
        raise UsageError(f"data.num_{part}={stated}: {config.name} has {len(split)} examples there")
    return split


def _from_archives(config: DataConfig, part: str) -> Split:
    images = _idx(archives.read(config, f"{part}_images")).unsqueeze(1)
    labels = _idx(archives.read(config, f"{part}_labels")).long()
    return Split(images, labels)


def _idx(archive: bytes) -> Tensor:
    """A gzipped IDX file of unsigned bytes: two zero bytes, type 8, the rank, the sizes, the values."""
    content = bytearray(gzip.decompress(archive))
    rank = content[3]
    sizes = [int.from_bytes(content[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(rank)]
    return torch.frombuffer(content, dtype=torch.uint8, offset=4 + 4 * rank).view(sizes)


def _digits(config: DataConfig, part: str) -> Split:
    """scikit-learn's 8x8 digits at 28x28; the bundle has no official split, so a fixed permutation makes one."""
    from sklearn.datasets import load_digits

    bundle = load_digits()
    small = torch.from_numpy(bundle.images).float().unsqueeze(1)
    large = torch.nn.functional.interpolate(small, size=(28, 28), mode="bilinear", align_corners=False)
    images = (large * (255 / 16)).round().to(torch.uint8)
    labels = torch.from_numpy(bundle.target).long()
    permutation = torch.randperm(len(labels), generator=torch.Generator().manual_seed(VALIDATION_SEED))
    chosen = permutation[: config.num_test] if part == "test" else permutation[config.num_test :]
    return _take(Split(images, labels), chosen)
