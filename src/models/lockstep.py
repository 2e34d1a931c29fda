"""Several networks of one architecture as one network over stacked weights, for runs that see the same batches.

Activations of K networks are (K, F, B) for vectors and (B, K*C, H, W) for images, whose channels the usual kernels
treat alike, whichever network they belong to. Images that all networks share are (B, 1, H, W), and flattened (B, H*W).
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from src.models.networks import PreActivationBlock

_CONTAINERS = (nn.Sequential, PreActivationBlock)
_Kind = Callable[[Sequence[Any]], nn.Module]


class StackedModel(nn.Module):
    """K networks as one: images (B, 1, H, W) to logits (K, num_classes, B).

    The weights and buffers of the networks become views into stacked ones. What changes them in place, such as an
    optimizer, changes the stack; what replaces them breaks it, which `check_views` notices. A value that is not finite
    stays in its own network.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.network = _stacked(networks)
        self._layers = [layer for layer in self.network.modules() if isinstance(layer, _StackedLayer)]

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images)
        return logits

    def share_gradients(self) -> None:
        """Gives every network its own part of the gradients, as views."""
        for layer in self._layers:
            for name, weights in layer.views.items():
                gradient = getattr(layer, name).grad
                if gradient is not None:
                    for weight, part in zip(weights, gradient.unbind(), strict=True):
                        weight.grad = part

    def check_views(self) -> None:
        """Checks that the networks still share the memory of the stack.

        Raises:
            RuntimeError: something replaced a weight instead of changing it in place.
        """
        for layer in self._layers:
            for name, weights in layer.views.items():
                parts = getattr(layer, name).unbind()
                if any(weight.data_ptr() != part.data_ptr() for weight, part in zip(weights, parts, strict=True)):
                    raise RuntimeError(
                        f"the {name} of a layer was replaced instead of being changed in place, which training in "
                        "lockstep cannot follow; use lockstep=1"
                    )


def can_stack(network: nn.Module) -> bool:
    """Whether networks of this architecture can be stacked."""
    layers = [module for module in network.modules() if not isinstance(module, _CONTAINERS)]
    has_norm = any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in layers)
    has_dropout = any(isinstance(layer, nn.Dropout) for layer in layers)
    # Recomputing the statistics of a norm draws dropout masks, after which the networks would no longer share them.
    return all(type(layer) in _LAYERS for layer in layers) and not (has_norm and has_dropout)


def _stacked(networks: Sequence[nn.Module]) -> nn.Module:
    """The networks as one with the same structure."""
    layers = [module for module in networks[0].modules() if not isinstance(module, _CONTAINERS)]
    first = next(index for index, layer in enumerate(layers) if type(layer) in _INPUT_LAYERS)
    kinds = {layer: _LAYERS[type(layer)] for layer in layers}
    kinds |= dict.fromkeys(layers[:first], _shared)  # they see the images that all networks share
    kinds[layers[first]] = _INPUT_LAYERS[type(layers[first])]
    return _stacked_modules(networks, kinds)


def _stacked_modules(modules: Sequence[nn.Module], kinds: Mapping[nn.Module, _Kind]) -> nn.Module:
    first = modules[0]
    if first in kinds:
        return kinds[first](modules)
    container = copy.copy(first)  # its forward pass stays as it is
    children = {
        name: None if child is None else _stacked_modules([module.get_submodule(name) for module in modules], kinds)
        for name, child in first._modules.items()
    }
    container._modules = _with_cheap_pooling(children) if isinstance(first, nn.Sequential) else children
    return container


def _with_cheap_pooling(layers: dict[str, nn.Module | None]) -> dict[str, nn.Module | None]:
    """The layers with max pooling before a ReLU instead of after it: the same numbers at a quarter of the ReLUs."""
    names = list(layers)
    for first, second in itertools.pairwise(names):
        if isinstance(layers[first], nn.ReLU) and isinstance(layers[second], nn.MaxPool2d):
            layers[first], layers[second] = layers[second], layers[first]
    return layers


class _StackedLayer(nn.Module):
    """K layers over stacked weights and buffers; `views` are those of the layers, by name."""

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.num_networks = len(layers)
        self.views: dict[str, list[Tensor]] = {}
        for name, weight in layers[0]._parameters.items():
            stacked = None if weight is None else nn.Parameter(self._stack(name, layers), weight.requires_grad)
            self.register_parameter(name, stacked)
        for name, _ in layers[0].named_buffers(recurse=False):
            self.register_buffer(name, self._stack(name, layers))

    def _stack(self, name: str, layers: Sequence[nn.Module]) -> Tensor:
        """The tensors of this name along a new dimension, with their strides; the layers get views into it."""
        self.views[name] = tensors = [getattr(layer, name) for layer in layers]
        first = tensors[0].detach()
        stacked = torch.empty_strided(
            (len(tensors), *first.shape), (first.numel(), *first.stride()), dtype=first.dtype, device=first.device
        )
        for tensor, part in zip(tensors, stacked.unbind(), strict=True):
            tensor.data = part.copy_(tensor.detach())
        return stacked


class _Linear(_StackedLayer):
    """(K, F, B) to (K, outputs, B)."""

    weight: Tensor
    bias: Tensor | None

    def forward(self, vectors: Tensor) -> Tensor:
        if self.bias is None:
            return torch.bmm(self.weight, vectors)
        return torch.baddbmm(self.bias.unsqueeze(2), self.weight, vectors)


class _InputLinear(_Linear):
    """(B, F), which all networks share, to (K, outputs, B): one wide product."""

    def forward(self, vectors: Tensor) -> Tensor:
        weight = self.weight.flatten(0, 1)
        if self.bias is None:
            product = torch.mm(weight, vectors.t())
        else:
            product = torch.addmm(self.bias.flatten().unsqueeze(1), weight, vectors.t())
        return product.view(self.num_networks, -1, len(vectors))


class _Conv2d(_StackedLayer):
    """(B, K*C, H, W) to (B, K*outputs, H', W'): one group of channels per network."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, layers: Sequence[nn.Conv2d]) -> None:
        super().__init__(layers)
        self.groups = len(layers)
        self.stride, self.padding = layers[0].stride, layers[0].padding

    def forward(self, images: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias.flatten()
        return functional.conv2d(images, self.weight.flatten(0, 1), bias, self.stride, self.padding, groups=self.groups)


class _InputConv2d(_Conv2d):
    """(B, C, H, W), which all networks share, to (B, K*outputs, H', W'): one convolution with many filters."""

    def __init__(self, layers: Sequence[nn.Conv2d]) -> None:
        super().__init__(layers)
        self.groups = 1


class _BatchNorm(_StackedLayer):
    """Batch normalization over all K*C channels, of vectors (K, C, B) and of images (B, K*C, H, W)."""

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, layers: Sequence[nn.BatchNorm1d | nn.BatchNorm2d]) -> None:
        super().__init__(layers)
        self.momentum, self.eps = layers[0].momentum or 0.0, layers[0].eps

    def forward(self, inputs: Tensor) -> Tensor:
        if self.training:
            self.num_batches_tracked.add_(1)
        is_vectors = inputs.ndim == 3
        outputs = functional.batch_norm(
            inputs.flatten(0, 1).unsqueeze(0) if is_vectors else inputs,  # one example of length B
            self.running_mean.flatten(),
            self.running_var.flatten(),
            self.weight.flatten(),
            self.bias.flatten(),
            self.training,
            self.momentum,
            self.eps,
        )
        return outputs.view(inputs.shape)


class _Dropout(nn.Module):
    """One mask for all networks: the one that each of them would draw by itself."""

    def __init__(self, layers: Sequence[nn.Dropout]) -> None:
        super().__init__()
        self.num_networks = len(layers)
        self.probability = layers[0].p

    def forward(self, inputs: Tensor) -> Tensor:
        if not self.training or self.probability == 0:
            return inputs
        if inputs.ndim == 3:
            mask = functional.dropout(inputs.new_ones(inputs.shape[2], inputs.shape[1]), self.probability)
            return inputs * mask.t()
        networks = inputs.view(len(inputs), self.num_networks, -1, *inputs.shape[2:])
        is_channels_last = inputs.is_contiguous(memory_format=torch.channels_last)
        memory_format = torch.channels_last if is_channels_last else torch.contiguous_format
        ones = torch.ones_like(networks[:, 0], memory_format=memory_format)
        return (networks * functional.dropout(ones, self.probability).unsqueeze(1)).flatten(1, 2)


class _Flatten(nn.Module):
    """Images (B, K*C, H, W) to vectors (K, C*H*W, B)."""

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.num_networks = len(layers)

    def forward(self, images: Tensor) -> Tensor:
        return images.reshape(len(images), self.num_networks, -1).permute(1, 2, 0)


def _shared(layers: Sequence[nn.Module]) -> nn.Module:
    """A layer without weights that treats all networks alike."""
    return copy.copy(layers[0])


_INPUT_LAYERS: Mapping[type, _Kind] = {nn.Linear: _InputLinear, nn.Conv2d: _InputConv2d}
_LAYERS: Mapping[type, _Kind] = {
    nn.Linear: _Linear,
    nn.Conv2d: _Conv2d,
    nn.BatchNorm1d: _BatchNorm,
    nn.BatchNorm2d: _BatchNorm,
    nn.Dropout: _Dropout,
    nn.Flatten: _Flatten,
    nn.ReLU: _shared,
    nn.MaxPool2d: _shared,
    nn.AdaptiveAvgPool2d: _shared,
}
