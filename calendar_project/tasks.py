"""What beat wakes on the top floor."""

from celery import shared_task

from audiences.clock import read_now
from calendar_project import notices
from calendar_project.review_page import mail


@shared_task
def tell_owners() -> None:
    notices.tell_owners(read_now())


@shared_task
def send_minutes() -> None:
    mail.send_minutes(read_now())
