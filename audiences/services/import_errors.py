"""The error file of an import: line, column, reason. It can be cut back to where the last commit left it."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from audiences.services.import_batches import ErrorLine

HEADER = ["line", "column", "reason"]
# A cell that begins so is run by a spreadsheet.
RUNS = ("=", "+", "-", "@", "\t", "\r")


def formula_safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(RUNS) else cell


def append_errors(path: Path, size: int, errors: Sequence[ErrorLine]) -> int:
    """Write `errors` after the first `size` bytes, and say how long the file is then.

    Called before the commit that counts them: what a killed import wrote beyond its last commit is cut off here.
    """
    if not errors and not size:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if size else "wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(_lines(errors, header=not size).encode())
        return file.tell()


def _lines(errors: Sequence[ErrorLine], *, header: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        writer.writerow(HEADER)
    writer.writerows([error.line, formula_safe(error.column), formula_safe(error.reason)] for error in errors)
    return text.getvalue()
