"""TLS and sign-in come before the first message, or there is none."""

import ssl
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from calendar_project.demo.sink import FreePortController
from deliveries.channels.base import Outcome
from deliveries.channels.email_url import SmtpServer
from deliveries.channels.smtp import SmtpTransport
from tests.deliveries.channels.scenes import PATIENCE, A, D, deliver, envelope, transport_to
from tests.deliveries.channels.servers import scripted_server

pytestmark = pytest.mark.no_database


def test_starttls_without_the_server_offering_it_sends_nothing() -> None:
    with scripted_server() as server:
        outcome = deliver(transport_to(server.port, security="starttls"), envelope())
        assert (outcome.verdict, outcome.evidence["phase"], outcome.slow_down) == (D, "session", True)
        assert not any(command.startswith("MAIL") for command in server.commands)


class Sink:
    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - aiosmtpd looks the handler up by this name
        return "250 OK"


def _deliver_with_tls(certificate: tuple[Path, Path], password: str, *, trusted: bool) -> Outcome:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)

    def sign_in(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == b"secret", handled=False)

    controller = FreePortController(
        Sink(), hostname="127.0.0.1", port=0, tls_context=context, require_starttls=True, authenticator=sign_in
    )
    controller.start()
    try:
        server = SmtpServer("localhost", controller.port, "starttls", "almanac", password, timeout=PATIENCE)
        trust = ssl.create_default_context(cafile=str(certificate[0]) if trusted else None)
        transport = SmtpTransport(server, context=trust)
        outcome = deliver(transport, envelope())
    finally:
        controller.stop()
    return outcome


def test_starttls_and_sign_in_before_the_first_message(certificate: tuple[Path, Path]) -> None:
    assert _deliver_with_tls(certificate, "secret", trusted=True).verdict is A


def test_a_wrong_password_defers_and_slows_down(certificate: tuple[Path, Path]) -> None:
    outcome = _deliver_with_tls(certificate, "wrong", trusted=True)
    assert (outcome.verdict, outcome.slow_down, outcome.evidence["phase"]) == (D, True, "session")
    assert outcome.evidence["code"] == 535
    assert "wrong" not in str(outcome.evidence)


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate: tuple[Path, Path]) -> None:
    outcome = _deliver_with_tls(certificate, "secret", trusted=False)
    assert (outcome.verdict, outcome.slow_down, outcome.evidence["phase"]) == (D, True, "session")
