"""Seeds derived for each purpose of a run."""

from __future__ import annotations

import torch

from src.seeding import derived_seed, generator


def test_every_purpose_has_its_own_seed() -> None:
    purposes = [("init",), ("dropout",), ("order", 0), ("order", 1), ("order", 10)]
    seeds = {derived_seed(seed, *purpose) for seed in (0, 1) for purpose in purposes}
    assert len(seeds) == 2 * len(purposes)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_generator_depends_only_on_seed_and_purpose() -> None:
    draws = [torch.rand(3, generator=generator(3, "order", 2)) for _ in range(2)]
    assert torch.equal(draws[0], draws[1])
