"""Sweeps: many runs planned together, started by a Hydra launcher, and compared."""
