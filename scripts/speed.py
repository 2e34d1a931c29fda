"""`schedbench speed` without an installation; see src/commands/speed.py."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the code beside this file, whatever is installed
    from src.commands.speed import main

    main()
