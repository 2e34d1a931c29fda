"""`schedbench speed` without an installation; see src/commands/speed.py."""

from __future__ import annotations

from src.commands.speed import main

if __name__ == "__main__":
    main()
