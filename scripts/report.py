"""Rebuilds tables and figures from run records: `python scripts/report.py DIR... [out=DIR]`."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from src.errors import UsageError, ending_in_one_line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", metavar="DIR", help="folder of a run, of a sweep, or of several")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    folders = [Path(text) for text in arguments.folders if not text.startswith("out=")]
    outs = [Path(text.removeprefix("out=")) for text in arguments.folders if text.startswith("out=")]
    with ending_in_one_line():
        missing = [folder for folder in folders if not folder.is_dir()]
        if missing or not folders:
            raise UsageError(f"no such folder: {', '.join(map(str, missing)) or '(none given)'}")
        from src.analysis.report import build_report

        if len(folders) > 1 and not outs:
            raise UsageError(f"{len(folders)} folders: say where their common tables go, as out=DIR")
        build_report(folders, outs[-1] if outs else folders[0])


if __name__ == "__main__":
    main()
