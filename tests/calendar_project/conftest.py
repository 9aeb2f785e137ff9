"""What tests of the top floor share."""

import pytest
from django.utils import timezone

from calendar_project import health


@pytest.fixture(autouse=True)
def freshly_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a process that has just begun, however long the tests have been running: no part has to have run."""
    monkeypatch.setattr(health, "STARTED", timezone.now())
