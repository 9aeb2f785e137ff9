"""The mails of reviews and handoffs on their way: each is claimed, written and handed over on its own."""

import logging
from collections.abc import Callable
from datetime import datetime

from audiences.turns import turn
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
from deliveries.channels.base import Channel, Outcome, Outgoing, Verdict

from .letters import handoff_letter, minutes_letter

logger = logging.getLogger(__name__)
# Verdicts after which it may be tried again: it has certainly not left.
STAYED = (Verdict.DEFERRED, Verdict.HELD)
# Verdicts that come of an answer, with its code, or of none.
UNANSWERED = (Verdict.DEFERRED, Verdict.AMBIGUOUS)


def send_mails(read_now: Callable[[], datetime]) -> int:
    """Every mail that waits; how many were taken. One run at a time in a process.

    The clock is asked for each: one that takes long takes nothing of the time of those after it. A server that does not
    answer is left alone until the next run, so that it holds no more than the hand that found out.
    """
    with turn("mails") as mine:
        channel, sent, answers = registry.channel("email"), 0, True
        try:
            while mine and answers and (mail := _claim(read_now())) is not None:
                outcome = _outcome(channel, mail, read_now)
                sent += outcome is not None and outcome.verdict is Verdict.ACCEPTED
                answers = outcome is None or outcome.verdict not in UNANSWERED or "code" in outcome.evidence
        finally:
            channel.close()
        return sent


def _claim(now: datetime) -> MinutesMail | HandoffMail | None:
    return claim_mail(waiting_handoffs(now), now) or claim_mail(waiting_minutes(now), now)


def _outcome(channel: Channel, mail: MinutesMail | HandoffMail, read_now: Callable[[], datetime]) -> Outcome | None:
    """What became of it, written down; None where it could not be written, which holds up no other."""
    try:
        letter = _letter(mail)
        outcome = _hand_over(channel, letter, mail, read_now) if letter else Outcome(0, Verdict.REJECTED)
    except Exception:
        logger.exception("%s %s cannot be sent", type(mail).__name__, mail.pk)
        return None
    if outcome.verdict is Verdict.ACCEPTED:
        mail_sent(mail, read_now())
        return outcome
    logger.warning("%s %s was not taken: %s", type(mail).__name__, mail.pk, outcome.verdict.value)
    if outcome.verdict is Verdict.REJECTED:
        mail_refused(mail, read_now())
    elif outcome.verdict in STAYED:
        mail_stayed(mail)
    return outcome


def _letter(mail: MinutesMail | HandoffMail) -> Outgoing | None:
    return handoff_letter(mail) if isinstance(mail, HandoffMail) else minutes_letter(mail)


def _hand_over(channel: Channel, letter: Outgoing, mail: Mail, read_now: Callable[[], datetime]) -> Outcome:
    """What may have left (no answer, or a worker that was killed) is not sent a second time."""
    outcomes = channel.send([letter], lambda _: begin_mail(mail, read_now()))
    return next(iter(outcomes))
