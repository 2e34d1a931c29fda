"""`schedbench preview` without an installation; see src/commands/preview.py."""

from __future__ import annotations

import gc

from src.commands.preview import main

if __name__ == "__main__":
    gc.disable()  # garbage collection over torch's objects takes half a second and frees little
    main()
