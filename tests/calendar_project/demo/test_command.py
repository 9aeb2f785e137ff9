from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from calendar_project.celery import app


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no file .*purchases\.txt"):
        call_command("demo", "--data", str(tmp_path / "purchases.txt"))


def test_workers_want_the_settings_of_a_deployment(settings: Any) -> None:
    settings.EMBEDDED = True
    with pytest.raises(CommandError, match="needs a deployment's settings"):
        call_command("demo", "--workers", "1")


def test_a_broker_that_does_not_answer_is_said_at_once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMBEDDED = False
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    with pytest.raises(CommandError, match="Nothing answers at CELERY_BROKER_URL"):
        call_command("demo", "--workers", "1")
