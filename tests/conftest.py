"""What every test stands on: databases, a mail server, Hypothesis profiles, and what the run says at its end."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from deliveries.services.windows import Pace
from tests.mail_server import MailServer, start_mail_server

ON_CI = os.environ.get("CI", "").lower() in {"1", "true"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# A fixture that empties the database once per test, not once per example, is what our properties expect.
_common: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
hypothesis_settings.register_profile("here", max_examples=60, **_common)
hypothesis_settings.register_profile("ci", max_examples=100, derandomize=True, **_common)
hypothesis_settings.load_profile("ci" if ON_CI else "here")


def pytest_configure() -> None:
    """A deployment serves what collectstatic gathered; tests of its pages are served from where the apps keep it."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    django_settings.STORAGES = {**django_settings.STORAGES, "staticfiles": plain}
    django_settings.STATIC_ROOT, django_settings.WHITENOISE_USE_FINDERS = None, True
    # Passwords of tests need not be hard to guess, and the real hasher takes a tenth of a second for each.
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """On SQLite a real file with a real journal: an in-memory database locks unlike the one that people run."""
    if os.environ["TEST_ON"] == "sqlite":
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        name = Path(os.environ["ALMANAC_TEST_FOLDER"]) / f"test-{worker}.sqlite3"
        django_settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(name)


@pytest.fixture(autouse=True)
def no_pace_yet() -> None:
    """How fast a channel went in one test is nothing to the next."""
    Pace.latest.clear()


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    server, controller = start_mail_server()
    yield server
    controller.stop()


@pytest.fixture
def smtp_server(mail_server: MailServer) -> MailServer:
    """The session's mail server, emptied: `host`, `port`, `url`, `messages`, `envelopes`, `refuse`, `clear()`."""
    mail_server.clear()
    return mail_server


def find_browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where the system's Chromium is; only for tests marked `browser`."""
    path = find_browser()
    assert path is not None
    return path


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is about one database alone, or none, is left out of the run on the other: deselected, which is no skip."""
    others = [item for item in items if _database_of(item) != os.environ["TEST_ON"]]
    if others:
        items[:] = [item for item in items if _database_of(item) == os.environ["TEST_ON"]]
        config.hook.pytest_deselected(items=others)


def _database_of(item: pytest.Item) -> str:
    if item.get_closest_marker("no_database"):
        return "sqlite"
    marker = item.get_closest_marker("only_on")
    return str(marker.args[0]) if marker else os.environ["TEST_ON"]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and find_browser() is None:
        if ON_CI:
            pytest.fail("There is no Chromium, and with CI set browser tests must run.")
        pytest.skip("there is no Chromium on this machine")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what this run was on, so that a green run cannot be taken for more than it was."""
    browser = {
        kind: sum("browser" in getattr(report, "keywords", ()) for report in terminalreporter.stats.get(kind, []))
        for kind in ("passed", "failed", "error", "skipped")
    }
    terminalreporter.write_sep("-", "this run")
    terminalreporter.write_line(f"database: {_database()}")
    terminalreporter.write_line("browser tests: " + _told(browser))


def _database() -> str:
    if os.environ["TEST_ON"] == "sqlite":
        return "SQLite"
    return "PostgreSQL, with Redis as the broker"


def _told(counts: dict[str, int]) -> str:
    if not any(counts.values()):
        return "none were asked for"
    if counts["skipped"]:
        return f"{counts['skipped']} skipped, because there is no Chromium on this machine"
    return f"{counts['passed']} passed, {counts['failed'] + counts['error']} failed"
