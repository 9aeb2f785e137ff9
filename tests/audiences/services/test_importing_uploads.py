"""A file that was uploaded: read by the tick, once, and not kept."""

import gzip
import io
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage

from audiences.import_options import EVENTS, ImportOptions
from audiences.models import ImportRun
from audiences.services.import_queue import continue_running
from audiences.services.importing import start_import
from tests.audiences.services.scenes import AS_PURCHASES, PURCHASES, clock, counts
from tests.builders import NOW, make_user

pytestmark = pytest.mark.django_db


def stored(name: str = "up.csv.gz", *lines: str) -> ImportRun:
    data = gzip.compress("\n".join(lines or PURCHASES).encode(), mtime=0)
    options = ImportOptions(create_customers=True, **AS_PURCHASES)
    return start_import(io.BytesIO(data), name, EVENTS, options, make_user(), NOW)


def test_an_uploaded_file_is_read_by_the_tick_and_not_kept() -> None:
    started = stored()
    assert (started.rows_total, started.state) == (6, ImportRun.State.RUNNING)
    name = str(started.stored_file.name)
    assert default_storage.exists(name)
    assert continue_running(clock, seconds=60) == [started.pk]
    started.refresh_from_db()
    assert (counts(started), started.state, started.carry) == ((6, 6, 0, 0), ImportRun.State.DONE, {})
    assert not started.stored_file
    assert not default_storage.exists(name)
    assert continue_running(clock) == []


def test_the_same_upload_twice_is_one_run() -> None:
    assert stored().pk == stored().pk


def test_a_run_that_another_worker_reads_is_left_to_it() -> None:
    started = stored()
    started.carry = {"leased_until": (NOW + timedelta(seconds=1)).isoformat()}
    started.save()
    assert continue_running(clock) == []
    assert continue_running(lambda: NOW + timedelta(seconds=2), seconds=60) == [started.pk]


def test_a_run_whose_file_is_gone_fails_with_a_sentence() -> None:
    started = stored()
    default_storage.delete(str(started.stored_file.name))
    continue_running(clock, seconds=60)
    started.refresh_from_db()
    assert (started.state, started.message) == (
        ImportRun.State.FAILED,
        "The file is no longer there (No such file or directory).",
    )
