"""`schedbench report` without an installation; see src/commands/report.py."""

from __future__ import annotations

from src.commands.report import main

if __name__ == "__main__":
    main()
