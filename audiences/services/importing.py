"""Imports: started once for a file, and gone on with from where the last commit left them, however often they stop.

1. The rows of a batch, the run's position and its counts are one transaction: a kill loses and repeats nothing.
2. The run's row is locked in it and its position compared: of two readers of one run, the second one stops.
3. The error file is written before the commit and cut back to the committed length when the import goes on.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from django.contrib.auth.models import User
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from audiences.csv_rows import BadRow, FileProblem, Row, Rows, count_lines
from audiences.import_options import ImportOptions, Layout, lay_out
from audiences.import_rows import Alike, Reader
from audiences.models import ImportRun, Workspace
from audiences.services.import_batches import Batch, ErrorLine, topics_of, write_batch
from audiences.services.import_errors import append_errors
from audiences.zones import zone_or

__all__ = [
    "DryRun",
    "FileProblem",
    "TakenOver",
    "continue_import",
    "continue_running",
    "start_import",
    "start_local_import",
    "try_import",
]

BATCH = 2_000
LEASE = timedelta(seconds=60)
Clock = Callable[[], datetime]
Progress = Callable[[int, int], None]  # rows read, rows there are


class TakenOver(Exception):
    """Another process reads the same run; this one wrote nothing more."""


def start_import(
    file: BinaryIO, filename: str, kind: str, options: ImportOptions, by: User | None, now: datetime
) -> ImportRun:
    """Store a file and make its run, for `continue_running` to go on with. The same file already running is that run.

    Raises `FileProblem` with a sentence where the file or its columns cannot be used.
    """
    run = _new_run(file, filename, kind, options, now)
    run.started_by = by
    run.stored_file.save(Path(filename).name[-80:] or "import.csv", File(file), save=False)
    run.error_file.name = f"imports/{run.digest[:32]}.errors.csv"
    kept = _started(run)
    if kept.pk != run.pk:
        run.stored_file.delete(save=False)
    return kept


def start_local_import(path: Path, kind: str, options: ImportOptions, now: datetime) -> ImportRun:
    """A run for a file that stays where it is, on this machine. Raises `FileProblem`."""
    with path.open("rb") as file:
        return _started(_new_run(file, path.name, kind, options, now))


def check_file(file: BinaryIO, kind: str, options: ImportOptions) -> Layout:
    """How the columns will be read. Raises `FileProblem`. The file stands at its beginning again."""
    file.seek(0)
    layout = lay_out(kind, Rows(file, options.delimiter, options.header).columns, options)
    topics_of(layout.consent)
    file.seek(0)
    return layout


def _new_run(file: BinaryIO, filename: str, kind: str, options: ImportOptions, now: datetime) -> ImportRun:
    check_file(file, kind, options)
    return ImportRun(
        kind=kind,
        filename=filename[-200:],
        digest=_digest(file, kind, options),
        options=options.as_json(),
        rows_total=max(count_lines(file) - (0 if options.header else 1), 0),
        started_at=now,
    )


def _digest(file: BinaryIO, kind: str, options: ImportOptions) -> str:
    digest = hashlib.sha256(json.dumps([kind, options.as_json()], sort_keys=True).encode())
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _started(run: ImportRun) -> ImportRun:
    """The new run, or the one of the same file that is under way."""
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        return ImportRun.objects.get(digest=run.digest, state=ImportRun.State.RUNNING)
    return run


def continue_running(clock: Clock, seconds: float = 20) -> list[int]:
    """Go on with the stored files that are under way, for about `seconds`. The ids of the runs that were read."""
    until = clock() + timedelta(seconds=seconds)
    running = ImportRun.objects.filter(state=ImportRun.State.RUNNING).exclude(stored_file="").order_by("id")
    done = []
    for run_id in running.values_list("pk", flat=True):
        if clock() < until and _lease(run_id, clock()):
            _continue_leased(run_id, clock, until)
            done.append(run_id)
    return done


def _continue_leased(run_id: int, clock: Clock, until: datetime) -> None:
    try:
        continue_import(run_id, clock, until=until)
    except TakenOver:
        return
    _end_lease(run_id)


def _lease(run_id: int, now: datetime) -> bool:
    """Only spares two workers from reading the same file at once; what keeps the counts right is the position."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        if run.state != ImportRun.State.RUNNING or run.carry.get("leased_until", "") > now.isoformat():
            return False
        run.carry["leased_until"] = (now + LEASE).isoformat()
        run.save(update_fields=["carry"])
    return True


def _end_lease(run_id: int) -> None:
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        run.carry.pop("leased_until", None)
        run.save(update_fields=["carry"])


def continue_import(
    run_id: int,
    clock: Clock,
    path: Path | None = None,
    errors: Path | None = None,
    until: datetime | None = None,
    on_progress: Progress | None = None,
) -> ImportRun:
    """Read on to the end, or until `until`. `path` and `errors`: for a run of a local file. Raises `TakenOver`."""
    run = ImportRun.objects.get(pk=run_id)
    if run.state != ImportRun.State.RUNNING:
        return run
    try:
        with _opened(run, path) as file:
            reading = _Reading.of(file, run.kind, ImportOptions.from_json(run.options))
            _read_on(run, reading, errors or _error_path(run), clock, until, on_progress)
    except FileProblem as problem:
        _end(run, ImportRun.State.FAILED, str(problem), clock())
    return run


@contextmanager
def _opened(run: ImportRun, path: Path | None) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb") if path else run.stored_file.open("rb")
    except OSError as error:
        raise FileProblem(f"The file is no longer there ({error.strerror}).") from error
    with file:
        yield cast(BinaryIO, file)


def _error_path(run: ImportRun) -> Path:
    return Path(default_storage.path(str(run.error_file.name)))


@dataclass
class _Reading:
    """An open file with all that is needed to understand its rows."""

    kind: str
    rows: Iterator[Row | BadRow]
    reader: Reader
    topics: dict[str, int]

    @classmethod
    def of(cls, file: BinaryIO, kind: str, options: ImportOptions) -> "_Reading":
        rows = Rows(file, options.delimiter, options.header)
        layout = lay_out(kind, rows.columns, options)
        zone = zone_or(Workspace.current().timezone, "UTC")
        return cls(kind, iter(rows), Reader(layout, options, zone), topics_of(layout.consent))

    def batches(self, start: int = 0) -> Iterator[list[Row | BadRow]]:
        rest = islice(self.rows, start, None)
        while batch := list(islice(rest, BATCH)):
            yield batch

    def write(self, rows: Sequence[Row | BadRow], alike: Alike, now: datetime) -> Batch:
        return write_batch(self.kind, self.reader, rows, self.topics, alike, now)


def _read_on(
    run: ImportRun,
    reading: _Reading,
    errors: Path,
    clock: Clock,
    until: datetime | None,
    on_progress: Progress | None,
) -> None:
    for rows in reading.batches(run.rows_read):
        _commit_batch(run, reading, rows, errors, clock())
        if on_progress:
            on_progress(run.rows_read, run.rows_total)
        if until and clock() >= until:
            return
    _end(run, ImportRun.State.DONE, _told(run), clock())


def _commit_batch(run: ImportRun, reading: _Reading, rows: Sequence[Row | BadRow], errors: Path, now: datetime) -> None:
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update().get(pk=run.pk)
        if (locked.state, locked.rows_read) != (ImportRun.State.RUNNING, run.rows_read):
            raise TakenOver("Another process is importing this file.")
        alike = Alike.from_json(locked.carry.get("alike", {}))
        batch = reading.write(rows, alike, now)
        run.carry = {**locked.carry, "alike": alike.as_json()}
        run.carry["errors_size"] = append_errors(errors, locked.carry.get("errors_size", 0), batch.errors)
        run.carry["kept"] = locked.carry.get("kept", 0) + sum(error.kept for error in batch.errors)
        if "leased_until" in run.carry:
            run.carry["leased_until"] = (now + LEASE).isoformat()
        run.rows_read = locked.rows_read + batch.read
        run.rows_written = locked.rows_written + batch.written
        run.rows_unchanged = locked.rows_unchanged + batch.unchanged
        run.rows_refused = locked.rows_refused + batch.refused
        run.save(update_fields=["carry", "rows_read", "rows_written", "rows_unchanged", "rows_refused"])


def _told(run: ImportRun) -> str:
    kept = run.carry.get("kept", 0)
    return f"{kept} rows were kept without a time zone that is none." if kept else ""


def _end(run: ImportRun, state: str, message: str, now: datetime) -> None:
    """The file is not kept: it is full of personal data, and the customers it made can be erased only in the tables."""
    run.state, run.message, run.finished_at, run.carry = state, message[:300], now, {}
    if not run.rows_refused and not message:
        run.error_file.name = ""
    run.save(update_fields=["state", "message", "finished_at", "carry", "error_file"])
    if run.stored_file:
        run.stored_file.delete(save=True)


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
        reading = _Reading.of(file, kind, options)
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
