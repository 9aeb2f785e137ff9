"""A text that takes its time: what goes on is waited for, what stands still is not, and nothing is for ever."""

import time
from typing import Any

import pytest

from deliveries.channels import email_url
from deliveries.channels.base import Outcome, Verdict
from deliveries.channels.email_url import SmtpServer, read_email_url
from deliveries.channels.smtp import Envelope, SmtpTransport
from tests.deliveries.channels.servers import ScriptedServer, scripted_server, tls_contexts

pytestmark = pytest.mark.no_database
TEXT = b"".join(b"%070d\r\n" % number for number in range(7_000))  # about 500 kB
Certificate = Any


def yes(_: int) -> bool:
    return True


def send(server: ScriptedServer, text: bytes = TEXT, security: str = "", **given: Any) -> tuple[Outcome, float]:
    """The outcome of one large mail, and the seconds that it took."""
    there = SmtpServer("localhost", server.port, security, timeout=0.8, final_timeout=1.5, connections=1)
    envelope = Envelope(1, "almanac@example.com", "c1@example.com", b"Number: 1\r\n\r\n" + text)
    began = time.monotonic()
    (outcome,) = SmtpTransport(there, **given).send([envelope], yes)
    return outcome, time.monotonic() - began


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_text_that_goes_on_steadily_arrives_however_slow_the_line(pipelining: bool) -> None:
    with scripted_server(pace=300_000, pipelining=pipelining) as server:
        outcome, seconds = send(server)
        assert (outcome.verdict, server.received_numbers) == (Verdict.ACCEPTED, [1])
        assert seconds > 1.2  # longer than the server may be silent


def test_over_tls_too(certificate: Certificate) -> None:
    serving, trusting = tls_contexts(*map(str, certificate))
    with scripted_server(pace=300_000, implicit_tls=serving) as server:
        outcome, _ = send(server, security="tls", context=trusting)
        assert outcome.verdict is Verdict.ACCEPTED


def test_the_one_behind_a_slow_text_does_not_wait_for_it() -> None:
    texts = [TEXT * 2, *[b"text\r\n"] * 9]
    mails = (Envelope(n, "almanac@example.com", "c@example.com", b"\r\n" + text) for n, text in enumerate(texts))
    with scripted_server(pace=300_000, pipelining=True) as server:
        there = SmtpServer("localhost", server.port, timeout=0.8, final_timeout=1.5, connections=2)
        began = time.monotonic()
        ended = [(o.verdict, o.delivery_id, time.monotonic() - began) for o in SmtpTransport(there).send(mails, yes)]
        assert {verdict for verdict, *_ in ended} == {Verdict.ACCEPTED}
        assert [number for _, number, _ in ended][-1] == 0
        assert ended[-2][2] < 2 < ended[-1][2]


def test_a_text_of_which_nothing_more_is_taken_has_not_left() -> None:
    with scripted_server(pace=50) as server:  # a byte every fiftieth of a second: the line is full all the time
        outcome, seconds = send(server)
        assert (outcome.verdict, outcome.evidence["phase"], server.received) == (Verdict.DEFERRED, "body", [])
        assert seconds < 2


def test_a_text_that_goes_on_and_on_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email_url, "TEXT_AND_ANSWER", 2.8)
    with scripted_server(pace=300_000) as server:
        outcome, seconds = send(server, TEXT * 4)
        assert (outcome.verdict, outcome.evidence["phase"]) == (Verdict.DEFERRED, "body")
        assert 1.2 <= seconds < 2.5


@pytest.mark.parametrize("final", [30, 60])
def test_a_message_is_over_before_its_lease_is(final: int, settings: Any) -> None:
    """A lease is renewed when a quarter of it has run, at a look right before the message leaves."""
    server = read_email_url(f"smtp://mail.example.com?final_timeout={final}").server
    assert server is not None
    assert server.text_timeout + server.final_timeout < settings.LEASE_SECONDS * 3 / 4
    assert server.text_timeout > server.timeout
