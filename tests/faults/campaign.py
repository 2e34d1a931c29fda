"""How many faults the campaign causes; docs/reliability.md quotes these numbers."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

NUM_KILLS = {"run": 64, "sweep": 20, "protocol": 16}  # by the command that is killed
NUM_CHECKPOINT_FLIPS = 400
NUM_RECORD_FLIPS = 100
NUM_DAMAGED_RECORDS = 40
NUM_OTHER_DAMAGED_FILES = 11
NUM_DISK_SIZES = {"run": 5, "sweep": 5}

SEED = "FAULTS_SEED"  # environment variable; the campaign prints its value, and takes a given one

Count = Callable[[str, float], None]  # adds a number to the summary that the campaign prints


def choose_seed() -> None:
    """Chooses the seed of the campaign, unless it is given; other processes of the campaign inherit it."""
    os.environ.setdefault(SEED, str(random.SystemRandom().randrange(10**6)))


def generator(name: str) -> random.Random:
    """The generator of one test."""
    return random.Random(f"{os.environ[SEED]} {name}")
