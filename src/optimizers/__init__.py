"""Optimizers that torch does not have."""

from src.optimizers.muon import MuonWithAdamW

__all__ = ["MuonWithAdamW"]
