"""Optimizers built from config, and the one that torch does not have."""

from src.optimizers.muon import MuonWithAdamW

__all__ = ["MuonWithAdamW"]
