"""Tables, figures and report.html again, from run records alone."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from src.errors import UsageError, ending_in_one_line

USAGE = """\
out=DIR                where they go (default: the one folder given)
reference=NAME         the schedule that the others are compared with (default: of one sweep its protocol's,
                       otherwise constant)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=USAGE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", metavar="DIR", help="folder of a run, of a sweep, or of several")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    folders = [Path(text) for text in arguments.folders if not text.startswith(("out=", "reference="))]
    own = dict(text.split("=", 1) for text in arguments.folders if text.startswith(("out=", "reference=")))
    with ending_in_one_line():
        missing = [str(folder) for folder in folders if not folder.is_dir()]
        if unknown := [text for text in missing if "=" in text]:
            raise UsageError(f"{unknown[0]}: there is no such key and no such folder; the keys are out= and reference=")
        if missing or not folders:
            raise UsageError(f"no such folder: {', '.join(missing) or '(none given)'}")
        from src.analysis.report.build import build_report

        if len(folders) > 1 and "out" not in own:
            raise UsageError(f"{len(folders)} folders: say where their common tables go, as out=DIR")
        out = Path(own.get("out", folders[0]))
        try:
            build_report(folders, out, own.get("reference"))
        except OSError as error:
            raise UsageError(f"out={out} cannot be written: {error.strerror}") from error


if __name__ == "__main__":
    main()
