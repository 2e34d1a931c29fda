"""Ways in which a disk or a hand damages a CSV file of numbers, as changes of its text."""

from __future__ import annotations

from collections.abc import Callable

Damage = Callable[[str], bytes]


def cell(line: int, place: int, value: str) -> Damage:
    """Another value in a cell; lines count from 1, places from 0."""

    def change(text: str) -> bytes:
        rows = [row.split(",") for row in text.split("\n")]
        rows[line - 1][place] = value
        return "\n".join(map(",".join, rows)).encode()

    return change


def lines(change: Callable[[list[str]], list[str]]) -> Damage:
    """Other lines."""
    return lambda text: ("\n".join(change(text.splitlines())) + "\n").encode()


def put(place: int, content: bytes) -> Damage:
    """Other bytes in the middle; a negative place counts from the end."""

    def change(text: str) -> bytes:
        data = text.encode()
        start = place % len(data)
        return data[:start] + content + data[start + len(content) :]

    return change


# Damage of any file with at least three columns and three rows, and a part of the message about it.
ANY_FILE: dict[str, tuple[Damage, str]] = {
    "empty": (lambda text: b"", "is empty"),
    "one byte": (lambda text: b"\x00", "line 1: is cut off"),
    "only zeros": (lambda text: bytes(len(text)), "line 1: is cut off"),
    "only zeros in lines": (lambda text: b"\x00\n" * 4, "line 1: no column"),
    "random bytes": (lambda text: bytes(range(256)), "is not text"),
    "another encoding": (lambda text: text.encode("utf-16"), "line 1: is not text"),
    "a byte that is not text": (put(-3, b"\xff"), "is not text"),
    "a zero byte": (put(-3, b"\x00"), "not a number"),
    "a block of zeros": (put(-12, bytes(10)), "line "),
    "a picture": (lambda text: b"\x89PNG\r\n\x1a\n" + bytes(100), "line 1: is not text"),
    "a page": (lambda text: b"<html>\n</html>\n", "line 1: no column"),
    "JSON": (lambda text: b'{"epoch": 1}\n', "line 1: no column"),
    "only a header": (lines(lambda rows: rows[:1]), "has no rows"),
    "no header": (lines(lambda rows: rows[1:]), "line 1: no column"),
    "the header at the end": (lines(lambda rows: [*rows[1:], rows[0]]), "line 1: no column"),
    "the header twice": (lines(lambda rows: [rows[0], *rows]), "line 2: "),
    "a column without a name": (cell(1, 0, ""), "line 1: no column"),
    "a column with another name": (cell(1, 0, "number"), "line 1: no column"),
    "a name in capitals": (cell(1, 1, "STEP"), "line 1: no column"),
    "a name in quotes": (cell(1, 1, '"step"'), "line 1: "),
    "spaces after commas": (lambda text: text.replace(",", ", ").encode(), "line 1: no column"),
    "semicolons": (lambda text: text.replace(",", ";").encode(), "line 1: no column"),
    "a mark of the byte order": (lambda text: b"\xef\xbb\xbf" + text.encode(), "line 1: no column"),
    "a missing column": (
        lines(lambda rows: [row.rpartition(",")[0] for row in rows]),
        "line 1: no column",
    ),
    "a column twice": (lines(lambda rows: [f"{row},{row.split(',')[1]}" for row in rows]), "line 1: two columns"),
    "a row that is too short": (lines(lambda rows: [*rows[:2], rows[2].rpartition(",")[0], *rows[3:]]), "line 3: the"),
    "a row that is too long": (lines(lambda rows: [*rows[:2], rows[2] + ",1", *rows[3:]]), "line 3: the number of"),
    "two rows in one": (lines(lambda rows: [*rows[:2], rows[2] + rows[3], *rows[4:]]), "line 3: the number of cells"),
    "an empty line": (lines(lambda rows: [*rows[:2], "", *rows[2:]]), "line 3: the number of cells is 1"),
    "an empty line at the end": (lambda text: text.encode() + b"\n", "the number of cells is 1"),
    "a comment": (lines(lambda rows: [*rows, "# looks good"]), "the number of cells is 1"),
    "a row cut off": (lambda text: text[:-4].encode(), "is cut off"),
    "a row without its ending": (lambda text: text[:-1].encode(), "is cut off"),
    "an empty cell": (cell(3, 1, ""), "line 3: "),
    "a word": (cell(3, 1, "many"), "line 3: "),
    "a decimal comma": (cell(3, 2, "0,5"), "line 3: the number of cells"),
    "a number in quotes": (cell(3, 2, '"0.5"'), "line 3: "),
    "a formula": (cell(3, 2, "=1+1"), "line 3: "),
    "a number in hexadecimal": (cell(2, 2, "0x1f"), "line 2: "),
    "a percentage": (cell(2, 2, "5%"), "line 2: "),
    "a flipped bit in a digit": (cell(2, 2, "q"), "line 2: "),
    "a flipped bit in a point": (cell(2, 2, "0n02"), "line 2: "),
    "a first number that is not a number": (cell(2, 0, "nan"), "line 2: "),
    "an infinite first number": (cell(2, 0, "inf"), "line 2: "),
    "a first number that is too large for a float": (cell(2, 0, "1e999"), "line 2: "),
    "a negative first number": (cell(2, 0, "-1"), "line 2: "),
    "half a first number": (cell(2, 0, "1.5"), "line 2: "),
    "a row twice": (lines(lambda rows: [*rows[:3], *rows[2:]]), "line 4: "),
    "rows in another order": (lines(lambda rows: [rows[0], *rows[:0:-1]]), "line "),
    "a missing last row": (lines(lambda rows: rows[:-1]), "ends after"),
    "a row too many": (
        lines(lambda rows: [*rows, ",".join([str(int(rows[-1].split(",")[0]) + 1), "99", *rows[-1].split(",")[2:]])]),
        "line ",
    ),
}  # fmt: skip
HISTORY: dict[str, tuple[Damage, str]] = {
    "a missing first epoch": (lines(lambda rows: [rows[0], *rows[2:]]), "line 2: epoch 2 cannot be right"),
    "an epoch beyond the run": (cell(4, 0, "4"), "line 4: epoch 4 cannot be right"),
    "an accuracy in percent": (cell(3, 6, "97.5"), "line 3: val_accuracy 97.5 cannot be right"),
    "a negative accuracy": (cell(3, 4, "-0.1"), "line 3: train_accuracy -0.1 cannot be right"),
    "an accuracy that is not a number": (cell(3, 4, "nan"), "line 3: train_accuracy nan cannot be right"),
    "the end of another run": (cell(4, 1, "61"), "line 4: ends after 61 of 60 updates"),
}
STEPS: dict[str, tuple[Damage, str]] = {
    "an infinite learning rate": (cell(3, 1, "inf"), "line 3: lr inf cannot be right"),
    "a learning rate that is too large": (cell(3, 1, "1e308"), "line 3: lr 1e+308 cannot be right"),
    "a learning rate that is not a number": (cell(3, 1, "nan"), "line 3: lr nan cannot be right"),
    "an update beyond the run": (cell(61, 0, "60"), "line 61: ends after 61 of 60 updates"),
}
