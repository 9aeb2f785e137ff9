"""Mails to people of the workspace: each is claimed on its own, leaves once, and is tried again if it did not."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Q, QuerySet

from campaigns.models import Handoff, HandoffMail, MinutesMail
from campaigns.models.mails import Mail

#: Whoever set about sending a mail and said nothing for so long was killed on the way; a mail that was not taken is
#: tried again after as long.
LEASE = timedelta(minutes=10)
#: A mail that could not be handed over for so long is not tried again: what it tells of has its page.
STALE = timedelta(days=2)
AMail = TypeVar("AMail", bound=Mail)


def waiting_minutes(now: datetime) -> QuerySet[MinutesMail]:
    mails = MinutesMail.objects.filter(review__closed_at__gt=now - STALE, to__is_active=True)
    return mails.select_related("review", "to")


def waiting_handoffs(now: datetime) -> QuerySet[HandoffMail]:
    """Of offers that are still open: what is answered or taken back by then is told to nobody."""
    mails = HandoffMail.objects.filter(handoff__state=Handoff.State.OFFERED, handoff__to__is_active=True)
    return mails.filter(handoff__offered_at__gt=now - STALE).select_related(
        "handoff__campaign__team", "handoff__to", "handoff__offered_by"
    )


def claim_mail(mails: QuerySet[AMail], now: datetime) -> AMail | None:
    """The next one, which is this caller's and nobody else's for the length of a lease; None where none is free."""
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE)
    waiting = mails.filter(free, begun_at=None, sent_at=None).order_by("pk")
    while (mail := waiting.first()) is not None:
        if _rows(mail).filter(free, begun_at=None, sent_at=None).update(claimed_at=now):
            mail.claimed_at = now
            return mail
    return None


def begin_mail(mail: Mail, now: datetime) -> bool:
    """Right before it leaves. False where it must not: the claim was over, and it is somebody else's now; or what it
    tells of is over."""
    waiting: QuerySet[Any] = waiting_handoffs(now) if isinstance(mail, HandoffMail) else waiting_minutes(now)
    mine = waiting.filter(pk=mail.pk, claimed_at=mail.claimed_at, begun_at=None, sent_at=None)
    return mine.update(begun_at=now) == 1


def mail_refused(mail: Mail, now: datetime) -> None:
    """For good, and so it is not tried again."""
    _rows(mail).update(begun_at=now)


def mail_sent(mail: Mail, now: datetime) -> None:
    _rows(mail).update(sent_at=now)


def mail_stayed(mail: Mail) -> None:
    """It has certainly not left: it is tried again when the lease of its claim is over."""
    _rows(mail).filter(claimed_at=mail.claimed_at, sent_at=None).update(begun_at=None)


def _rows(mail: Mail) -> QuerySet[Mail]:
    return type(mail)._default_manager.filter(pk=mail.pk)
