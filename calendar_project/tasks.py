"""What beat wakes on the top floor."""

from celery import shared_task

from audiences.clock import read_now
from calendar_project import notices
from calendar_project.review_page import mail


@shared_task
def tell_owners() -> None:
    notices.tell_owners(read_now())


@shared_task
def send_mails() -> None:
    # The clock itself: a mail that takes long must not use up the time of those after it.
    mail.send_mails(read_now)
