"""What tests of the top floor share."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from calendar_project import health
from tests.calendar_project.stage import Stage, lasting, make_stage


@pytest.fixture(autouse=True)
def freshly_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a process that has just begun, however long the tests have been running: no part has to have run."""
    monkeypatch.setattr(health, "STARTED", timezone.now())


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage]:
    """One row of everything, made once for all tests of a file."""
    with lasting(django_db_blocker, make_stage) as made:
        yield made
