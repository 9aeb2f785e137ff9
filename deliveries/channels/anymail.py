"""An e-mail provider's HTTP API through django-anymail, with its many answers mapped to one verdict each."""

from collections.abc import Generator, Iterable
from email import message_from_bytes
from email.message import EmailMessage as Parsed
from email.message import MIMEPart
from email.policy import SMTP
from typing import Any

import requests
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.core.mail import EmailMultiAlternatives, get_connection

from deliveries.channels.base import MayLeave, Outcome, Verdict
from deliveries.channels.in_turn import in_turn
from deliveries.channels.smtp import Envelope

# Answers that the request was read, and perhaps acted on, before a gateway lost sight of it.
GATEWAY_LOST_SIGHT = frozenset({502, 504})
KEPT_HEADERS = ("Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Reply-To")


class AnymailTransport:
    """`options` are those of the provider's backend, such as `api_key`."""

    def __init__(self, esp: str, options: dict[str, str]) -> None:
        given: dict[str, Any] = dict(options)
        self.backend: Any = get_connection(f"anymail.backends.{esp}.EmailBackend", **given)
        self._opened = False

    def send(self, envelopes: Iterable[Envelope], may_leave: MayLeave) -> Generator[Outcome, None, None]:
        return in_turn(envelopes, may_leave, self._deliver)

    def close(self) -> None:
        if self._opened:
            self.backend.close()
            self._opened = False

    def _deliver(self, envelope: Envelope) -> Outcome:
        message = _message(envelope)
        try:
            self._opened = bool(self.backend.open()) or self._opened
            self.backend.send_messages([message])
        except AnymailRecipientsRefused:
            return _of_status(envelope.delivery_id, message)
        except AnymailAPIError as error:
            return _of_error(envelope.delivery_id, error)
        except (AnymailError, ValueError) as error:
            # The message could not even be put into the provider's form: nothing was sent.
            return Outcome(envelope.delivery_id, Verdict.REJECTED, _evidence("compose", type(error).__name__))
        return _of_status(envelope.delivery_id, message)


def _message(envelope: Envelope) -> EmailMultiAlternatives:
    parsed = message_from_bytes(envelope.data, _class=Parsed, policy=SMTP)
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    message = EmailMultiAlternatives(
        subject=str(parsed["Subject"]),
        body=_content(text) if text else "",
        from_email=str(parsed["From"]),
        to=[envelope.recipient],
        headers={name: str(parsed[name]) for name in KEPT_HEADERS if parsed[name]},
    )
    if html is not None:
        message.attach_alternative(_content(html), "text/html")
    return message


def _content(part: MIMEPart) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


def _of_status(delivery_id: int, message: EmailMultiAlternatives) -> Outcome:
    """What the provider said of our one recipient; anymail knows sent, queued, unknown, invalid, rejected, failed."""
    status: Any = message.anymail_status  # type: ignore[attr-defined]
    words = status.status or set()
    evidence = _evidence("answer", ", ".join(sorted(map(str, words))), message_id=str(status.message_id or ""))
    if words & {"invalid", "rejected"}:
        suppress = "bounce" if "invalid" in words else ""
        return Outcome(delivery_id, Verdict.REJECTED, evidence, suppress=suppress)
    if "failed" in words:
        return Outcome(delivery_id, Verdict.DEFERRED, evidence)
    if not words:
        # Somebody's pre-send hook stopped it: it has not left, and silence would be a lie.
        return Outcome(delivery_id, Verdict.REJECTED, _evidence("compose", "stopped before it was sent"))
    return Outcome(delivery_id, Verdict.ACCEPTED, evidence)


def _of_error(delivery_id: int, error: AnymailAPIError) -> Outcome:
    code = error.status_code
    if code is None:
        never_connected = isinstance(error, (requests.ConnectTimeout, requests.exceptions.SSLError)) or (
            isinstance(error, requests.ConnectionError) and "NewConnectionError" in str(error)
        )
        verdict = Verdict.DEFERRED if never_connected else Verdict.AMBIGUOUS
        return Outcome(delivery_id, verdict, _evidence("request", _names(error)), slow_down=never_connected)
    evidence = _evidence("answer", f"HTTP {code}", code=code)
    if code == 429 or code in (401, 403):
        # Too fast, or our key is not accepted: nothing that another message would change.
        return Outcome(delivery_id, Verdict.DEFERRED, evidence, slow_down=True)
    if 200 <= code < 300 or code in GATEWAY_LOST_SIGHT:
        return Outcome(delivery_id, Verdict.AMBIGUOUS, evidence)
    return Outcome(delivery_id, Verdict.DEFERRED if code >= 500 or code == 408 else Verdict.REJECTED, evidence)


def _names(error: Exception) -> str:
    return type(error.__cause__ or error).__name__


def _evidence(phase: str, text: str, **more: Any) -> dict[str, Any]:
    return {"phase": phase, "text": text[:300], **more}
