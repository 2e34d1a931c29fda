"""Sweeps: lists of jobs, started on Hydra's launchers, ending in tables."""
