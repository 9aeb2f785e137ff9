"""The import commands, run as a person runs them; and killed, as machines kill them."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from audiences.models import Customer, Event

ROWS = 16_000
Count = Callable[[str], int]


@pytest.mark.django_db
def test_the_command_ends_with_1_where_a_row_was_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("external_id,email,consent:tips:email\na,a@example.com,yes\nb,nonsense,no\n")
    with pytest.raises(SystemExit) as ended:
        call_command("import_customers", str(path))
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert told.out == "2 rows read: 1 written, 0 there already, 1 refused.\n"
    assert "Consent stays as it is" in told.err
    errors = (tmp_path / "customers.csv.errors.csv").read_text().splitlines()
    assert errors == ["line,column,reason", "3,email,is not an e-mail address"]


@pytest.mark.django_db
def test_a_wrong_file_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("who\na\n")
    with pytest.raises(CommandError, match="Which column is external_id"):
        call_command("import_events", str(path))
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_events", str(tmp_path / "nothing.csv"))
    with pytest.raises(CommandError, match="--map takes NAME=COLUMN, not “who”"):
        call_command("import_events", str(path), "--map", "who")
    with pytest.raises(CommandError, match="belong together"):
        call_command("import_events", str(path), "--no-header")


@pytest.mark.django_db
def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("a,a@example.com\n")
    call_command("import_customers", str(path), "--no-header", "--columns", "external_id,email", "--dry-run")
    assert "1 would be written" in capsys.readouterr().out
    assert not Customer.objects.exists()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Of a process of its own on the same kind of database: on PostgreSQL the tests' own, on SQLite a new file."""
    variables = {**os.environ, "PYTHONWARNINGS": "ignore"}
    if connection.vendor == "postgresql":
        url = urlsplit(os.environ["DATABASE_URL"])
        return {**variables, "DATABASE_URL": urlunsplit(url._replace(path="/" + connection.settings_dict["NAME"]))}
    variables["ALMANAC_DATA"] = str(tmp_path / "data")
    command(variables, "migrate", "-v0").communicate()
    return variables


@pytest.fixture
def count(tmp_path: Path) -> Count:
    """The answer to a SQL question with one number as its answer, asked of that database."""

    def ask(sql: str) -> int:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return int((cursor.fetchone() or [0])[0] or 0)
        found = sqlite3.connect(tmp_path / "data" / "almanac.sqlite3", timeout=20)
        try:
            return int(found.execute(sql).fetchone()[0] or 0)
        finally:
            found.close()

    return ask


def command(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_killed_goes_on_and_counts_exactly(
    tmp_path: Path, environment: dict[str, str], count: Count
) -> None:
    path = tmp_path / "events.csv"
    # Every two rows are equal, so that one more or less would show; every thousandth is refused.
    rows = (f"c{row // 20},ordered,{'x' if row % 1000 == 999 else '2026-01-31'},9.75" for row in range(ROWS))
    path.write_text("\n".join(["external_id,event,occurred_at,value", *rows]) + "\n")
    arguments = ("import_events", str(path), "--create-customers")
    process = command(environment, *arguments)
    deadline = time.monotonic() + 60
    while count("SELECT max(rows_read) FROM audiences_importrun") < 4_000:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    killed_at = count("SELECT max(rows_read) FROM audiences_importrun")
    assert 4_000 <= killed_at < ROWS

    process = command(environment, *arguments)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Going on after row {killed_at}." in told
    assert f"{ROWS} rows read: {ROWS - 16} written, 0 there already, 16 refused." in told
    assert count("SELECT count(*) FROM audiences_event") == ROWS - 16
    assert count("SELECT count(*) FROM audiences_importrun") == 1
    assert len((tmp_path / "events.csv.errors.csv").read_text().splitlines()) == 1 + 16
    assert Event.objects.count() in (0, ROWS - 16)
