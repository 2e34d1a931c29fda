"""Muon on the hidden weight matrices and AdamW on every other weight, as one optimizer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor
from torch.optim import AdamW, Muon, Optimizer

_SIZE = "match_rms_adamw"


class MuonWithAdamW(Optimizer):
    """Muon (Jordan et al., 2024) is meant for hidden matrices; the rest, the output layer among it, is AdamW's.

    Muon's updates are given the size of AdamW's (Liu et al., arXiv 2502.16982), so that one lr and one weight decay
    serve both. The hidden matrices are the weights of two dimensions but for the last, which is the output layer.
    `betas`, `eps` and `fused` are AdamW's, `momentum`, `nesterov` and `ns_steps` are Muon's.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        weight_decay: float = 0.01,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_steps: int = 5,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        fused: bool | None = None,
    ) -> None:
        weights = list(params)
        hidden = [number for number, weight in enumerate(weights) if weight.ndim == 2][:-1]
        matrices = [weights[number] for number in hidden]
        others = [weight for number, weight in enumerate(weights) if number not in hidden]
        self._parts: list[Optimizer] = []  # in the order of the groups, each with one
        if matrices:
            muon = Muon(matrices, lr, weight_decay, momentum, nesterov, ns_steps=ns_steps, adjust_lr_fn=_SIZE)
            self._parts.append(muon)
        self._parts.append(AdamW(others, lr, betas, eps, weight_decay, fused=fused))
        # Neither momentum nor betas are defaults: no schedule can cycle what only one of the parts has.
        super().__init__([part.param_groups[0] for part in self._parts], {"lr": lr, "weight_decay": weight_decay})

    @property
    def has_hidden(self) -> bool:
        """Whether there is a matrix for Muon."""
        return len(self._parts) > 1

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_parts": self._parts}

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update of both parts, on the groups and the state of the whole."""
        loss = None if closure is None else closure()
        for part, group in zip(self._parts, self.param_groups, strict=True):
            part.param_groups, part.state = [group], self.state  # now: loading a state makes new ones
            part.step()
        return loss
