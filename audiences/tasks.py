"""What the clock asks of this floor. Each is safe when two run at once."""

from celery import shared_task
from celery.contrib.django.task import DjangoTask

from audiences.clock import read_now
from audiences.services import import_queue, segments
from audiences.turns import turn


@shared_task(base=DjangoTask)
def refresh_segments() -> None:
    segments.refresh_each(read_now)


@shared_task(base=DjangoTask)
def continue_imports() -> None:
    with turn("imports") as mine:
        if mine:
            import_queue.continue_running(read_now)
