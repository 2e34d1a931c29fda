"""`schedbench sweep` without an installation; see src/commands/sweep.py."""

from __future__ import annotations

from src.commands.sweep import main

if __name__ == "__main__":
    main()
