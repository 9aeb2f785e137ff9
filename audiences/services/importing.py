"""Imports: started once for a file, and gone on with from where the last commit left them, however often they stop.

1. The rows of a batch, the run's position and its counts are one transaction: a kill loses and repeats nothing.
2. The run's row is locked in it and its position compared: of two readers of one run, the second one stops.
3. The error file is written before the commit and cut back to the committed length when the import goes on.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from django.contrib.auth.models import User
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import Model

from audiences.csv_rows import BadRow, FileProblem, Row, count_lines
from audiences.import_options import CUSTOMERS, EVENTS, ImportOptions
from audiences.import_rows import Alike
from audiences.models import Customer, Event, ImportRun, Subscription
from audiences.services.import_errors import append_errors
from audiences.services.import_reading import Clock, Progress, Reading, check_file
from audiences.services.statistics import MASS_INSERT, refresh_statistics

__all__ = ["FileProblem", "TakenOver", "check_file", "continue_import", "start_import", "start_local_import"]

LEASE = timedelta(seconds=60)
# The tables that a kind of import fills.
WRITES: dict[str, tuple[type[Model], ...]] = {CUSTOMERS: (Customer, Subscription), EVENTS: (Customer, Event)}


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
    before = run.rows_written
    try:
        with _opened(run, path) as file:
            reading = Reading.of(file, run.kind, ImportOptions.from_json(run.options))
            _read_on(run, reading, errors or _error_path(run), clock, until, on_progress)
    except FileProblem as problem:
        _end(run, ImportRun.State.FAILED, str(problem), clock())
    if run.rows_written - before >= MASS_INSERT:
        refresh_statistics(*WRITES[run.kind])
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


def _read_on(
    run: ImportRun,
    reading: Reading,
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


def _commit_batch(run: ImportRun, reading: Reading, rows: Sequence[Row | BadRow], errors: Path, now: datetime) -> None:
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
