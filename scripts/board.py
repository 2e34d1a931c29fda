"""`schedbench board` without an installation; see src/commands/board.py."""

from __future__ import annotations

from src.commands.board import main

if __name__ == "__main__":
    main()
