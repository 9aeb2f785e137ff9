"""A dry run of an import: everything is read and checked, nothing is kept."""

from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from audiences.csv_rows import count_lines
from audiences.import_options import ImportOptions
from audiences.import_rows import Alike
from audiences.services.import_batches import Batch, ErrorLine
from audiences.services.import_reading import Clock, Progress, Reading, check_file


@dataclass
class DryRun:
    """What an import would do, with the first of its errors."""

    read: int = 0
    written: int = 0
    unchanged: int = 0
    refused: int = 0
    errors: list[ErrorLine] = field(default_factory=list)


def try_import(
    path: Path, kind: str, options: ImportOptions, clock: Clock, on_progress: Progress | None = None
) -> DryRun:
    """Read a file to its end and write nothing: each batch is rolled back. Raises `FileProblem`."""
    told, alike = DryRun(), Alike()
    with path.open("rb") as file:
        check_file(file, kind, options)
        total = count_lines(file)
        reading = Reading.of(file, kind, options)
        for rows in reading.batches():
            with transaction.atomic():
                batch = reading.write(rows, alike, clock())
                transaction.set_rollback(True)
            _add(told, batch)
            if on_progress:
                on_progress(told.read, total)
    return told


def _add(told: DryRun, batch: Batch) -> None:
    told.read += batch.read
    told.written += batch.written
    told.unchanged += batch.unchanged
    told.refused += batch.refused
    told.errors += batch.errors[: 20 - len(told.errors)]
