"""What an answer, or none, says of a message: the phase decides. Before the final dot it has certainly not left."""

from enum import StrEnum

from deliveries.channels.base import Outcome, Verdict

# RFC 3463: the address, or the mailbox behind it, does not exist (any more).
NO_SUCH_ADDRESS = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})


class Phase(StrEnum):
    """How far the dialogue had come."""

    CONNECT = "connect"
    SESSION = "session"  # EHLO, STARTTLS, AUTH
    IDLE = "idle"  # no message is under way
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"  # the final dot is flushed: the message may have been taken
    RESET = "reset"  # a refused message is being cleared away


def accepted(delivery_id: int, code: int, text: str) -> Outcome:
    # Plain values, and few: this is written down for every message.
    return Outcome(delivery_id, Verdict.ACCEPTED, {"phase": "dot", "code": code, "text": text})


def refused(delivery_id: int, phase: Phase, code: int, text: str) -> Outcome:
    """The server said no. 4xx: later; 5xx: never; anything else is no answer that one could trust."""
    if not 400 <= code <= 599:
        return unanswered(delivery_id, phase, f"an answer that SMTP does not know: {code} {text}")
    slow_down = code in (421, 454) or (phase is Phase.MAIL and code in (530, 535))
    return Outcome(
        delivery_id,
        Verdict.DEFERRED if slow_down or code < 500 else Verdict.REJECTED,
        {"phase": phase.value, "code": code, "text": text[:300]},
        suppress="bounce" if phase is Phase.RCPT and is_hard_bounce(code, text) else "",
        slow_down=slow_down,
    )


def unanswered(delivery_id: int, phase: Phase, text: str, code: int | None = None) -> Outcome:
    """The connection failed or made no sense. Only the phase tells whether the message may have left."""
    evidence: dict[str, object] = {"phase": phase.value, "text": text[:300]}
    if code is not None:
        evidence["code"] = code
    if phase is Phase.DOT:
        return Outcome(delivery_id, Verdict.AMBIGUOUS, evidence)
    # Not even a session: the server is down or refuses us, which no message can help.
    slow_down = phase in (Phase.CONNECT, Phase.SESSION)
    return Outcome(delivery_id, Verdict.DEFERRED, evidence, slow_down=slow_down)


def held(delivery_id: int, text: str) -> Outcome:
    return Outcome(delivery_id, Verdict.HELD, {"text": text})


def is_hard_bounce(code: int, text: str) -> bool:
    """Whether a refused recipient does not exist: RFC 3463 X.1.x says so, or a bare 550, 551, 553 without such a code.

    X.7.x (policy), X.2.2 (mailbox full) and the like are about something else than the address.
    """
    first = text.split(maxsplit=1)[:1]
    if first and first[0].startswith("5.") and first[0].count(".") == 2:
        return first[0] in NO_SUCH_ADDRESS
    return code in (550, 551, 553)
