"""`schedbench lr-find` without an installation; see src/commands/lr_find.py."""

from __future__ import annotations

from src.commands.lr_find import main

if __name__ == "__main__":
    main()
