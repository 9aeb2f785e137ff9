from types import SimpleNamespace
from typing import Any

import pytest
import requests
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused, AnymailRequestsAPIError

from deliveries.channels.anymail import AnymailTransport
from deliveries.channels.base import Verdict
from deliveries.channels.smtp import Envelope

DATA = b"From: Almanac <a@example.com>\r\nSubject: Hello\r\n\r\nText\r\n"
A, D, R, Q = Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.REJECTED, Verdict.AMBIGUOUS


def deliver(backend: Any) -> Any:
    transport = AnymailTransport("test", {})
    transport.backend = backend
    (outcome,) = transport.send([Envelope(1, "a@example.com", "b@example.com", DATA)], lambda _: True)
    return outcome


class Provider:
    """Answers with a status for the recipient, or an error."""

    def __init__(self, status: str = "", error: Exception | None = None) -> None:
        self.status, self.error = status, error

    def open(self) -> bool:
        return True

    def send_messages(self, messages: list[Any]) -> int:
        messages[0].anymail_status = SimpleNamespace(status={self.status} if self.status else None, message_id="7")
        if self.error:
            raise self.error
        return 1


@pytest.mark.parametrize(
    ("status", "verdict", "suppress"),
    [
        ("sent", A, ""),
        ("queued", A, ""),
        ("unknown", A, ""),
        ("invalid", R, "bounce"),
        ("rejected", R, ""),
        ("failed", D, ""),
        ("", R, ""),
    ],
)
def test_what_a_provider_says_of_the_recipient(status: str, verdict: Verdict, suppress: str) -> None:
    error = AnymailRecipientsRefused() if status in ("invalid", "rejected") else None
    outcome = deliver(Provider(status, error))
    assert (outcome.verdict, outcome.suppress) == (verdict, suppress)


@pytest.mark.parametrize(
    ("code", "verdict", "slow_down"),
    [
        (429, D, True),
        (401, D, True),
        (400, R, False),
        (408, D, False),
        (500, D, False),
        (502, Q, False),
        (504, Q, False),
        (200, Q, False),
    ],
)
def test_what_the_http_status_of_a_provider_means(code: int, verdict: Verdict, slow_down: bool) -> None:
    outcome = deliver(Provider(error=AnymailAPIError("no", status_code=code)))
    assert (outcome.verdict, outcome.slow_down) == (verdict, slow_down)


@pytest.mark.parametrize(
    ("cause", "verdict"),
    [
        (requests.ConnectTimeout, D),
        (requests.ReadTimeout, Q),
        (requests.exceptions.SSLError, D),
        (requests.ConnectionError, Q),
    ],
)
def test_a_lost_connection_is_in_doubt_only_once_it_was_there(cause: type[Exception], verdict: Verdict) -> None:
    error = type("Both", (AnymailRequestsAPIError, cause), {})("lost")
    assert deliver(Provider(error=error)).verdict is verdict
