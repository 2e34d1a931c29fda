"""Muon for the hidden weight matrices and AdamW for all other weights, as one optimizer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor
from torch.optim import AdamW, Muon, Optimizer


class MuonWithAdamW(Optimizer):
    """Muon (Jordan et al., 2024) for hidden matrices and AdamW for everything else, including the output layer.

    Hidden matrices are all two-dimensional weights except the last, which belongs to the output layer. Muon's updates
    are scaled to the size of AdamW's (Liu et al., 2025, arXiv 2502.16982), so both share `lr` and `weight_decay`.
    `momentum`, `nesterov` and `ns_steps` apply to Muon; `betas`, `eps` and `fused` apply to AdamW.
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
        hidden = [index for index, weight in enumerate(weights) if weight.ndim == 2][:-1]
        matrices = [weights[index] for index in hidden]
        others = [weight for index, weight in enumerate(weights) if index not in hidden]
        self._parts: list[Optimizer] = []  # one per parameter group, in the same order
        if matrices:
            self._parts.append(
                Muon(matrices, lr, weight_decay, momentum, nesterov, ns_steps=ns_steps, adjust_lr_fn="match_rms_adamw")
            )
        self._parts.append(AdamW(others, lr, betas, eps, weight_decay, fused=fused))
        # Momentum and betas are left out of the defaults: a schedule must not cycle what only one of the parts has.
        super().__init__([part.param_groups[0] for part in self._parts], {"lr": lr, "weight_decay": weight_decay})

    @property
    def has_hidden(self) -> bool:
        """Whether any weight is updated by Muon."""
        return len(self._parts) > 1

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_parts": self._parts}

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Runs one update of both parts on the shared parameter groups and state."""
        loss = None if closure is None else closure()
        for part, group in zip(self._parts, self.param_groups, strict=True):
            part.param_groups, part.state = [group], self.state  # set here because load_state_dict replaces both
            part.step()
        return loss
