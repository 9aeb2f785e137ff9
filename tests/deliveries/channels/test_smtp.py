import ssl
import subprocess
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from calendar_project.demo.sink import FreePortController
from deliveries.channels.base import Outcome, Verdict
from deliveries.channels.email_url import SmtpServer
from deliveries.channels.smtp import Envelope, SmtpTransport, is_hard_bounce, stuffed
from tests.deliveries.channels.servers import DROP, HANG, scripted_server
from tests.mail_server import MailServer

A, D, R, Q = Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.REJECTED, Verdict.AMBIGUOUS
TEXT = b"Subject: hello\r\n\r\n.dots\r\n..more\r\nend\r\n"


def envelope(number: int = 1, recipient: str = "ada@example.com", **fields: object) -> Envelope:
    return Envelope(number, "almanac@example.com", recipient, **{"data": TEXT, **fields})  # type: ignore[arg-type]


def transport_to(port: int, **options: object) -> SmtpTransport:
    return SmtpTransport(SmtpServer("127.0.0.1", port, timeout=0.3, final_timeout=0.3, **options))  # type: ignore[arg-type]


# What the server does, at which phase; the verdict; the phase in the evidence; suppressed; the channel slows down.
BEHAVIOURS = [
    ("greeting", HANG, D, "connect", "", True),
    ("greeting", DROP, D, "connect", "", True),
    ("greeting", "554 go away", D, "connect", "", True),
    ("greeting", "421 too busy", D, "connect", "", True),
    ("EHLO", HANG, D, "session", "", True),
    ("EHLO", DROP, D, "session", "", True),
    ("MAIL", HANG, D, "mail", "", False),
    ("MAIL", DROP, D, "mail", "", False),
    ("MAIL", "451 4.3.0 later", D, "mail", "", False),
    ("MAIL", "550 5.7.1 not you", R, "mail", "", False),
    ("MAIL", "530 5.7.0 sign in first", D, "mail", "", True),
    ("MAIL", "421 4.3.2 closing", D, "mail", "", True),
    ("RCPT", HANG, D, "rcpt", "", False),
    ("RCPT", DROP, D, "rcpt", "", False),
    ("RCPT", "450 4.2.1 busy", D, "rcpt", "", False),
    ("RCPT", "550 5.1.1 no such user", R, "rcpt", "bounce", False),
    ("RCPT", "550 no such user", R, "rcpt", "bounce", False),
    ("RCPT", "550 5.7.1 blocked", R, "rcpt", "", False),
    ("RCPT", "552 5.2.2 full", R, "rcpt", "", False),
    ("DATA", HANG, D, "data", "", False),
    ("DATA", "451 4.3.0 later", D, "data", "", False),
    ("DATA", "554 5.5.1 no", R, "data", "", False),
    ("DATA", "250 what?", D, "data", "", False),
    ("dot", HANG, Q, "dot", "", False),
    ("dot", DROP, Q, "dot", "", False),
    ("dot", "mumble", Q, "dot", "", False),
    ("dot", "451 4.3.0 later", D, "dot", "", False),
    ("dot", "554 5.7.1 spam", R, "dot", "", False),
    ("dot", "421 4.3.2 closing", D, "dot", "", True),
    ("dot", "250 2.0.0 queued as 1A", A, "dot", "", False),
]


@pytest.mark.parametrize(
    ("at", "answer", "verdict", "phase", "suppress", "slow_down"),
    BEHAVIOURS,
    ids=[f"{at}: {answer}" for at, answer, *_ in BEHAVIOURS],
)
def test_the_verdict_on_what_a_server_does(
    at: str, answer: str, verdict: Verdict, phase: str, suppress: str, slow_down: bool
) -> None:
    with scripted_server(**{at: answer}) as server:
        transport = transport_to(server.port)
        outcome = transport.deliver(envelope())
        transport.close()
    assert (outcome.verdict, outcome.evidence["phase"]) == (verdict, phase)
    assert (outcome.suppress, outcome.slow_down) == (suppress, slow_down)
    assert outcome.evidence["text"]


def test_a_server_that_is_not_there_defers_and_slows_down() -> None:
    with scripted_server() as server:
        port = server.port
    outcome = transport_to(port).deliver(envelope())
    assert (outcome.verdict, outcome.slow_down, outcome.evidence["phase"]) == (D, True, "connect")


def test_a_connection_that_breaks_in_the_text_has_not_delivered() -> None:
    with scripted_server(body=DROP) as server:
        transport = transport_to(server.port)
        outcome = transport.deliver(envelope(data=b"x" * 20_000_000))
        transport.close()
        assert (outcome.verdict, outcome.evidence["phase"]) == (D, "body")
        assert server.received == []


def test_a_message_arrives_as_it_was_with_its_dots_stuffed_once() -> None:
    with scripted_server() as server:
        transport = transport_to(server.port)
        assert transport.deliver(envelope()).verdict is A
        transport.close()
        assert server.received == [b"Subject: hello\r\n\r\n..dots\r\n...more\r\nend\r\n"]


@pytest.mark.parametrize(
    ("text", "on_the_wire"),
    [
        (b".\r\n", b"..\r\n"),
        (b"a\r\n.\r\nb", b"a\r\n..\r\nb\r\n"),
        (b"a.b\r\n", b"a.b\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_dots_at_the_start_of_a_line_are_doubled(text: bytes, on_the_wire: bytes) -> None:
    assert stuffed(text) == on_the_wire


def test_one_session_carries_many_messages_and_a_refusal_does_not_end_it() -> None:
    with scripted_server(RCPT=["550 5.1.1 no", "250 ok"]) as server:
        transport = transport_to(server.port)
        verdicts = [transport.deliver(envelope(number)).verdict for number in (1, 2, 3)]
        transport.close()
        transport.close()
        assert (verdicts, server.sessions, server.commands.count("rset")) == ([R, A, A], 1, 1)


@pytest.mark.parametrize("answer", ["421 4.3.2 closing", DROP])
def test_after_a_lost_session_the_next_message_opens_a_new_one(answer: str) -> None:
    with scripted_server(RCPT=["250 ok", answer, "250 ok"]) as server:
        transport = transport_to(server.port)
        verdicts = [transport.deliver(envelope(number)).verdict for number in (1, 2, 3)]
        transport.close()
        assert (verdicts, server.sessions) == ([A, D, A], 2)


def test_a_session_that_the_server_closed_while_idle_costs_no_message() -> None:
    with scripted_server(MAIL=["250 ok", DROP, "250 ok"]) as server:
        transport = transport_to(server.port)
        verdicts = [transport.deliver(envelope(number)).verdict for number in (1, 2)]
        transport.close()
        assert (verdicts, server.sessions, len(server.received)) == ([A, A], 2, 2)


def test_a_line_break_in_an_address_never_reaches_the_server() -> None:
    with scripted_server() as server:
        transport = transport_to(server.port)
        outcome = transport.deliver(envelope(recipient="ada@example.com>\r\nRCPT TO:<eve@example.com"))
        transport.close()
        assert outcome.verdict is D
        assert not any("eve" in command for command in server.commands)


def test_an_international_address_is_refused_where_the_server_does_not_take_it() -> None:
    with scripted_server() as server:
        transport = transport_to(server.port)
        outcome = transport.deliver(envelope(recipient="jürgen@example.com", utf8=True))
        assert (outcome.verdict, outcome.suppress) == (R, "")
        assert "SMTPUTF8" in outcome.evidence["text"]
        assert transport.deliver(envelope(2)).verdict is A
        transport.close()


def test_an_international_address_goes_where_the_server_takes_it() -> None:
    with scripted_server(EHLO="250-sink\r\n250 SMTPUTF8") as server:
        transport = transport_to(server.port)
        assert transport.deliver(envelope(recipient="jürgen@example.com", utf8=True)).verdict is A
        transport.close()
        assert "MAIL FROM:<almanac@example.com> SMTPUTF8" in server.commands


def test_a_real_server_takes_a_message(smtp_server: MailServer) -> None:
    transport = transport_to(smtp_server.port)
    assert transport.deliver(envelope()).verdict is A
    transport.close()
    assert smtp_server.envelopes[0].content == TEXT
    assert smtp_server.envelopes[0].rcpt_tos == ["ada@example.com"]


def test_starttls_without_the_server_offering_it_sends_nothing() -> None:
    with scripted_server() as server:
        outcome = transport_to(server.port, security="starttls").deliver(envelope())
        assert (outcome.verdict, outcome.evidence["phase"], outcome.slow_down) == (D, "session", True)
        assert not any(command.startswith("MAIL") for command in server.commands)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for `localhost`, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


class Sink:
    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - aiosmtpd looks the handler up by this name
        return "250 OK"


def _deliver_with_tls(certificate: tuple[Path, Path], password: str, *, trusted: bool) -> Outcome:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)

    def sign_in(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == b"secret")

    controller = FreePortController(
        Sink(), hostname="127.0.0.1", port=0, tls_context=context, require_starttls=True, authenticator=sign_in
    )
    controller.start()
    try:
        server = SmtpServer("localhost", controller.port, "starttls", "almanac", password, timeout=2, final_timeout=2)
        trust = ssl.create_default_context(cafile=str(certificate[0]) if trusted else None)
        transport = SmtpTransport(server, context=trust)
        outcome = transport.deliver(envelope())
        transport.close()
    finally:
        controller.stop()
    return outcome


def test_starttls_and_sign_in_before_the_first_message(certificate: tuple[Path, Path]) -> None:
    assert _deliver_with_tls(certificate, "secret", trusted=True).verdict is A


def test_a_wrong_password_defers_and_slows_down(certificate: tuple[Path, Path]) -> None:
    outcome = _deliver_with_tls(certificate, "wrong", trusted=True)
    assert (outcome.verdict, outcome.slow_down, outcome.evidence["phase"]) == (D, True, "session")
    assert "wrong" not in str(outcome.evidence)


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate: tuple[Path, Path]) -> None:
    outcome = _deliver_with_tls(certificate, "secret", trusted=False)
    assert (outcome.verdict, outcome.slow_down, outcome.evidence["phase"]) == (D, True, "session")


@pytest.mark.parametrize(
    ("code", "text", "is_bounce"),
    [(550, "5.1.1 unknown", True), (553, "bad mailbox", True), (550, "5.7.26 policy", False), (552, "full", False)],
)
def test_a_hard_bounce_is_about_the_address(code: int, text: str, is_bounce: bool) -> None:
    assert is_hard_bounce(code, text) is is_bounce
