"""The networks. Input: images (B, 1, 28, 28); output: logits (B, num_classes)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE = 28
PIXELS = SIDE * SIDE


def softmax(num_classes: int) -> nn.Module:
    """Multinomial logistic regression."""
    return nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, num_classes))


def mlp(num_classes: int, hidden: list[int], dropout: float) -> nn.Module:
    """Fully connected network with ReLU and dropout after every hidden layer; `hidden` lists the widths."""
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs in zip([PIXELS, *hidden], hidden, strict=False):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        if dropout != 0:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear([PIXELS, *hidden][-1], num_classes))


def mlp_bn(num_classes: int, hidden: list[int]) -> nn.Module:
    """`mlp` without dropout, with batch normalization (Ioffe and Szegedy, 2015, arXiv 1502.03167) before every ReLU."""
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs in zip([PIXELS, *hidden], hidden, strict=False):
        # No bias: the norm subtracts the mean and adds a bias of its own.
        layers += [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear([PIXELS, *hidden][-1], num_classes))


def lenet(num_classes: int) -> nn.Module:
    """LeNet-5 (LeCun et al., 1998) with ReLU and max pooling, as it is usually built today."""
    return nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, kernel_size=5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, num_classes),
    )


def cnn(num_classes: int, dropout_conv: float, dropout_linear: float) -> nn.Module:
    """The network of the official PyTorch MNIST example."""
    return nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=3),
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(dropout_conv),
        nn.Flatten(),
        nn.Linear(64 * 12 * 12, 128),
        nn.ReLU(),
        nn.Dropout(dropout_linear),
        nn.Linear(128, num_classes),
    )


def resnet(num_classes: int, widths: list[int], num_blocks: int, stem_stride: int) -> nn.Module:
    """Pre-activation residual network (He et al., 2016, arXiv 1603.05027) with one stage per width.

    The stem divides the image's side by `stem_stride`; every stage after the first halves it.
    """
    if not widths or num_blocks < 1:
        raise ValueError(f"widths={widths} and num_blocks={num_blocks} must give at least one stage of one block")
    layers: list[nn.Module] = [nn.Conv2d(1, widths[0], 3, stride=stem_stride, padding=1, bias=False)]
    inputs = widths[0]
    for stage, outputs in enumerate(widths):
        for block in range(num_blocks):
            layers.append(PreActivationBlock(inputs, outputs, stride=2 if stage > 0 and block == 0 else 1))
            inputs = outputs
    head = [nn.BatchNorm2d(inputs), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, num_classes)]
    return nn.Sequential(*layers, *head)


class PreActivationBlock(nn.Module):
    """Norm, ReLU and convolution, twice, added to a shortcut: the identity, or a projection if the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        keeps_shape = inputs == outputs and stride == 1
        self.projection = None if keeps_shape else nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        active = functional.relu(self.norm1(images))
        shortcut = images if self.projection is None else self.projection(active)
        residual: Tensor = self.conv2(functional.relu(self.norm2(self.conv1(active))))
        return shortcut + residual


class VisionTransformer(nn.Module):
    """Vision transformer (Dosovitskiy et al., 2020, arXiv 2010.11929) with pre-norm blocks and learned positions.

    The head takes the mean over the patches instead of a class token (Beyer et al., 2022, arXiv 2205.01580).
    """

    def __init__(
        self, num_classes: int, patch_size: int, width: int, depth: int, num_heads: int, mlp_width: int, dropout: float
    ) -> None:
        super().__init__()
        if patch_size < 1 or SIDE % patch_size:
            raise ValueError(f"patch_size={patch_size} must divide the image's side of {SIDE}")
        if depth < 1:
            raise ValueError(f"depth={depth} must be at least 1")
        self.patches = nn.Conv2d(1, width, kernel_size=patch_size, stride=patch_size)
        self.positions = nn.Parameter(torch.empty(1, (SIDE // patch_size) ** 2, width))
        nn.init.trunc_normal_(self.positions, std=0.02, a=-0.04, b=0.04)
        self.blocks = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(
                    width, num_heads, mlp_width, dropout, activation="gelu", batch_first=True, norm_first=True
                )
                for _ in range(depth)
            )
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.patches(images).flatten(2).transpose(1, 2) + self.positions
        logits: Tensor = self.head(self.norm(self.blocks(tokens)).mean(dim=1))
        return logits
