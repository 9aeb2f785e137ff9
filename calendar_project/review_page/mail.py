"""The mails of reviews and handoffs on their way: each is claimed, written and handed over on its own."""

import logging
from collections.abc import Callable
from datetime import datetime

from campaigns.models import HandoffMail, MinutesMail
from campaigns.models.mails import Mail
from campaigns.services.mails import (
    begin_mail,
    claim_mail,
    mail_refused,
    mail_sent,
    mail_stayed,
    waiting_handoffs,
    waiting_minutes,
)
from deliveries.channels import registry
from deliveries.channels.base import Channel, Outgoing, Verdict

from .letters import handoff_letter, minutes_letter

logger = logging.getLogger(__name__)
# Verdicts after which it may be tried again: it has certainly not left.
STAYED = (Verdict.DEFERRED, Verdict.HELD)


def send_mails(read_now: Callable[[], datetime]) -> int:
    """Every mail that waits; how many were taken.

    The clock is asked for each: one that takes long (a server that hangs) takes nothing of the time of those after it.
    """
    channel, sent = registry.channel("email"), 0
    try:
        while (mail := _claim(read_now())) is not None:
            sent += _is_sent(channel, mail, read_now)
    finally:
        channel.close()
    return sent


def _claim(now: datetime) -> MinutesMail | HandoffMail | None:
    return claim_mail(waiting_handoffs(now), now) or claim_mail(waiting_minutes(now), now)


def _is_sent(channel: Channel, mail: MinutesMail | HandoffMail, read_now: Callable[[], datetime]) -> bool:
    try:
        letter = _letter(mail)
        verdict = _hand_over(channel, letter, mail, read_now) if letter else Verdict.REJECTED
    except Exception:
        # One that cannot be written holds up no other.
        logger.exception("%s %s cannot be sent", type(mail).__name__, mail.pk)
        return False
    if verdict is Verdict.ACCEPTED:
        mail_sent(mail, read_now())
        return True
    logger.warning("%s %s was not taken: %s", type(mail).__name__, mail.pk, verdict.value)
    if verdict is Verdict.REJECTED:
        mail_refused(mail, read_now())
    elif verdict in STAYED:
        mail_stayed(mail)
    return False


def _letter(mail: MinutesMail | HandoffMail) -> Outgoing | None:
    return handoff_letter(mail) if isinstance(mail, HandoffMail) else minutes_letter(mail)


def _hand_over(channel: Channel, letter: Outgoing, mail: Mail, read_now: Callable[[], datetime]) -> Verdict:
    """What may have left (no answer, or a worker that was killed) is not sent a second time."""
    outcomes = channel.send([letter], lambda _: begin_mail(mail, read_now()))
    return next(iter(outcomes)).verdict
