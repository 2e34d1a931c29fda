"""`schedbench preview` without an installation; see src/commands/preview.py."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the code beside this file, whatever is installed
    from src.commands.preview import main

    gc.disable()  # garbage collection over torch's objects takes half a second and frees little
    main()
