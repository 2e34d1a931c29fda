"""Muon for the hidden weights of a model and AdamW for all other weights, as one optimizer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import AdamW, Muon, Optimizer


class MuonWithAdamW(Optimizer):
    """Muon for hidden weights and AdamW for everything else: the input and output layers, biases, norms, embeddings.

    That is how Muon's authors use it (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/): in a
    convolutional network it trains "all the convolutional filters except the first one", flattened to matrices with one
    row per output channel. Muon's updates are scaled to the size of AdamW's (Liu et al., 2025, arXiv 2502.16982), so
    both share `lr` and `weight_decay`. `momentum`, `nesterov` and `ns_steps` apply to Muon; `betas`, `eps` and `fused`
    apply to AdamW.

    Args:
        params: Weights, or parameter groups. Muon trains the groups with `use_muon`.
        convolutions: Whether Muon trains hidden filters; if not, AdamW does.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float = 1e-3,
        weight_decay: float = 0.01,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_steps: int = 5,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        convolutions: bool = True,
        *,
        fused: bool | None = None,
    ) -> None:
        hidden, others = _split(params, convolutions=convolutions)
        self._parts: list[Optimizer] = []  # one per parameter group, in the same order
        if hidden:
            muon = Muon(
                [_matrix(weight) for weight in hidden], lr, weight_decay, momentum, nesterov,
                ns_steps=ns_steps, adjust_lr_fn="match_rms_adamw",
            )  # fmt: skip
            muon.param_groups[0]["params"] = hidden
            self._parts.append(muon)
        if others:
            self._parts.append(AdamW(others, lr, betas, eps, weight_decay, fused=fused))
        # Momentum and betas are left out of the defaults: a schedule must not cycle what only one of the parts has.
        super().__init__([part.param_groups[0] for part in self._parts], {"lr": lr, "weight_decay": weight_decay})

    @property
    def has_hidden(self) -> bool:
        """Whether any weight is updated by Muon."""
        return any(isinstance(part, Muon) for part in self._parts)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_parts": self._parts}

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Runs one update of both parts on the shared parameter groups and state."""
        loss = None if closure is None else closure()
        for part, group in zip(self._parts, self.param_groups, strict=True):
            part.param_groups, part.state = [group], self.state  # set here because load_state_dict replaces both
            if isinstance(part, Muon):
                _step_matrices(part)
            else:
                part.step()
        return loss


@torch.no_grad()
def _step_matrices(muon: Optimizer) -> None:
    """Updates Muon's weights as matrices, which share the state of the weights."""
    (group,), state = muon.param_groups, muon.state
    weights = [weight for weight in group["params"] if weight.grad is not None]
    matrices = [_matrix(weight) for weight in weights]
    muon.param_groups = [{**group, "params": matrices}]
    muon.state = defaultdict(dict, zip(matrices, [state[weight] for weight in weights], strict=True))
    muon.step()
    muon.param_groups, muon.state = [group], state
    for weight, matrix in zip(weights, matrices, strict=True):
        if matrix.data_ptr() != weight.data_ptr():  # channels-last filters are copied when they are flattened
            weight.copy_(matrix.view_as(weight))


def _split(
    params: Iterable[Tensor] | Iterable[dict[str, Any]], *, convolutions: bool
) -> tuple[list[Tensor], list[Tensor]]:
    """Weights for Muon and weights for AdamW."""
    hidden: list[Tensor] = []
    others: list[Tensor] = []
    for item in params:
        group = item if isinstance(item, dict) else {"params": [item]}
        for weight in group["params"]:
            is_hidden = group.get("use_muon", False) and (convolutions or weight.ndim == 2)
            (hidden if is_hidden else others).append(weight)
    return hidden, others


def _matrix(weight: Tensor) -> Tensor:
    """The weight if it is a matrix, otherwise one row per output channel, with the gradient in the same shape."""
    if weight.ndim == 2:
        return weight
    matrix = weight.detach().flatten(1)
    matrix.grad = None if weight.grad is None else weight.grad.flatten(1)
    return matrix
