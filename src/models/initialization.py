"""Weight initialization by name (`model.init`)."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import init

from src.errors import UsageError

AS_BUILT = "torch"  # keep the weights as the layers' constructors draw them
_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.MultiheadAttention)


def kaiming_normal(weight: Tensor) -> None:
    """He et al., 2015 (arXiv 1502.01852): variance 2/fan_in."""
    init.kaiming_normal_(weight, nonlinearity="relu")


def kaiming_uniform(weight: Tensor) -> None:
    """He et al., 2015 (arXiv 1502.01852): variance 2/fan_in, unlike PyTorch's default of 1/(3 fan_in)."""
    init.kaiming_uniform_(weight, nonlinearity="relu")


def xavier_uniform(weight: Tensor) -> None:
    """Glorot and Bengio, 2010: variance 2/(fan_in + fan_out)."""
    init.xavier_uniform_(weight)


def orthogonal(weight: Tensor) -> None:
    """Saxe et al., 2013 (arXiv 1312.6120): orthonormal rows, or columns if there are fewer of them."""
    init.orthogonal_(weight)


def truncated_normal(weight: Tensor) -> None:
    """Normal(0, 0.02) truncated at two standard deviations, as in BERT (Devlin et al., 2018, arXiv 1810.04805)."""
    init.trunc_normal_(weight, std=0.02, a=-0.04, b=0.04)


INITIALIZATIONS: dict[str, Callable[[Tensor], None]] = {
    function.__name__: function
    for function in (kaiming_normal, kaiming_uniform, xavier_uniform, orthogonal, truncated_normal)
}


def initialize(model: nn.Module, name: str) -> None:
    """Redraws the weights of linear, convolution and attention layers and zeroes their biases; `torch` does nothing.

    Norms, embeddings and bare parameters are left unchanged.

    Raises:
        UsageError: `name` is not an initialization.
    """
    names = [AS_BUILT, *INITIALIZATIONS]
    if name not in names:
        raise UsageError(f"model.init={name}: must be one of {', '.join(names)}")
    if name == AS_BUILT:
        return
    layers = [layer for layer in model.modules() if isinstance(layer, _LAYERS)]
    for layer in layers:
        for key, weight in layer.named_parameters(recurse=False):
            draw = init.zeros_ if key.endswith("bias") else INITIALIZATIONS[name]
            draw(weight)
