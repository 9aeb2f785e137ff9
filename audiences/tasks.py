"""What the clock asks of this floor. Each is safe when two run at once."""

from celery import shared_task

from audiences.clock import read_now
from audiences.services import importing, segments


@shared_task
def refresh_segments() -> None:
    segments.refresh_all(read_now())


@shared_task
def continue_imports() -> None:
    importing.continue_running(read_now)
