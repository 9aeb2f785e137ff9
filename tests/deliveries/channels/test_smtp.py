import os
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from calendar_project.demo.sink import FreePortController
from deliveries.channels.base import Outcome, Verdict
from deliveries.channels.email_url import SmtpServer
from deliveries.channels.smtp import Envelope, SmtpTransport
from deliveries.channels.smtp.envelope import stuffed
from deliveries.channels.smtp.pool import POOL
from deliveries.channels.smtp.supply import AT_ONCE
from deliveries.channels.smtp.verdicts import is_hard_bounce
from tests.deliveries.channels.servers import DROP, HANG, scripted_server
from tests.mail_server import MailServer

pytestmark = pytest.mark.no_database
A, D, R, Q, H = Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.REJECTED, Verdict.AMBIGUOUS, Verdict.HELD
PATIENCE = 60  # seconds
TEXT = b"Subject: hello\r\n\r\n.dots\r\n..more\r\nend\r\n"


def envelope(number: int = 1, recipient: str = "ada@example.com", **fields: object) -> Envelope:
    return Envelope(number, "almanac@example.com", recipient, **{"data": TEXT, **fields})  # type: ignore[arg-type]


def transport_to(port: int, **options: object) -> SmtpTransport:
    """Over one connection, where the test does not say otherwise, and with patience: a busy machine is not late."""
    options = {"timeout": PATIENCE, "final_timeout": PATIENCE, "connections": 1, **options}
    return SmtpTransport(SmtpServer("127.0.0.1", port, **options))  # type: ignore[arg-type]


def send(transport: SmtpTransport, *envelopes: Envelope) -> list[Outcome]:
    return list(transport.send(envelopes, lambda _: True))


def deliver(transport: SmtpTransport, message: Envelope) -> Outcome:
    (outcome,) = send(transport, message)
    return outcome


def test_a_message_arrives_as_it_was_with_its_dots_stuffed_once() -> None:
    with scripted_server() as server:
        transport = transport_to(server.port)
        assert deliver(transport, envelope()).verdict is A
        assert server.received == [b"Subject: hello\r\n\r\n..dots\r\n...more\r\nend\r\n"]


@pytest.mark.parametrize(
    ("text", "on_the_wire"),
    [
        (b".\r\n", b"..\r\n"),
        (b"a\r\n.\r\nb", b"a\r\n..\r\nb\r\n"),
        (b"a.b\r\n", b"a.b\r\n"),
        (b"", b"\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n"),
    ],
)
def test_dots_at_the_start_of_a_line_are_doubled(text: bytes, on_the_wire: bytes) -> None:
    assert stuffed(text) == on_the_wire


def test_one_session_carries_many_messages_and_a_refusal_does_not_end_it() -> None:
    with scripted_server(RCPT=["550 5.1.1 no", "250 ok"]) as server:
        transport = transport_to(server.port)
        verdicts = [outcome.verdict for outcome in send(transport, *map(envelope, (1, 2, 3)))]
        assert (verdicts, server.sessions, server.commands.count("RSET")) == ([R, A, A], 1, 1)


@pytest.mark.parametrize("answer", ["421 4.3.2 closing", DROP])
def test_after_a_lost_session_the_next_message_opens_a_new_one(answer: str) -> None:
    with scripted_server(RCPT=["250 ok", answer, "250 ok"]) as server:
        transport = transport_to(server.port)
        verdicts = [deliver(transport, envelope(number)).verdict for number in (1, 2, 3)]
        assert (verdicts, server.sessions) == ([A, D, A], 2)


def test_a_session_that_the_server_closed_while_idle_costs_no_message() -> None:
    with scripted_server(MAIL=["250 ok", DROP, "250 ok"]) as server:
        transport = transport_to(server.port)
        verdicts = [deliver(transport, envelope(number)).verdict for number in (1, 2)]
        assert (verdicts, server.sessions, len(server.received)) == ([A, A], 2, 2)


def test_a_line_break_in_an_address_never_reaches_the_server() -> None:
    with scripted_server() as server:
        transport = transport_to(server.port)
        outcome = deliver(transport, envelope(recipient="ada@example.com>\r\nRCPT TO:<eve@example.com"))
        assert outcome.verdict is D
        assert not any("eve" in command for command in server.commands)


def test_an_international_address_is_refused_where_the_server_does_not_take_it() -> None:
    with scripted_server() as server:
        transport = transport_to(server.port)
        outcome = deliver(transport, envelope(recipient="jürgen@example.com", utf8=True))
        assert (outcome.verdict, outcome.suppress) == (R, "")
        assert "SMTPUTF8" in outcome.evidence["text"]
        assert deliver(transport, envelope(2)).verdict is A


def test_an_international_address_goes_where_the_server_takes_it() -> None:
    with scripted_server(EHLO="250-sink\r\n250 SMTPUTF8") as server:
        transport = transport_to(server.port)
        assert deliver(transport, envelope(recipient="jürgen@example.com", utf8=True)).verdict is A
        assert "MAIL FROM:<almanac@example.com> SMTPUTF8" in server.commands


def test_a_server_that_knows_no_ehlo_is_spoken_to_as_in_1982() -> None:
    with scripted_server(EHLO="502 5.5.1 what?") as server:
        assert [outcome.verdict for outcome in send(transport_to(server.port), *map(envelope, (1, 2)))] == [A, A]


def test_a_real_server_takes_a_message(smtp_server: MailServer) -> None:
    transport = transport_to(smtp_server.port)
    assert deliver(transport, envelope()).verdict is A
    transport.close()
    assert smtp_server.envelopes[0].content == TEXT
    assert smtp_server.envelopes[0].rcpt_tos == ["ada@example.com"]


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


@pytest.mark.parametrize(
    ("code", "text", "is_bounce"),
    [(550, "5.1.1 unknown", True), (553, "bad mailbox", True), (550, "5.7.26 policy", False), (552, "full", False)],
)
def test_a_hard_bounce_is_about_the_address(code: int, text: str, is_bounce: bool) -> None:
    assert is_hard_bounce(code, text) is is_bounce


def test_a_session_outlives_its_dispatch_and_serves_the_next_one() -> None:
    with scripted_server(pipelining=True) as server:
        for number in (1, 2, 3):
            assert deliver(transport_to(server.port), envelope(number)).verdict is A
        assert server.sessions == 1


def test_sessions_are_not_shared_between_accounts() -> None:
    with scripted_server() as server:
        assert deliver(transport_to(server.port), envelope()).verdict is A
        assert deliver(transport_to(server.port, timeout=PATIENCE + 1), envelope()).verdict is A
        assert server.sessions == 2


def test_a_session_that_idled_for_too_long_is_left_politely() -> None:
    with scripted_server() as server:
        transport = transport_to(server.port)
        deliver(transport, envelope())
        assert POOL.take(transport.account, time.monotonic() + 31) is None
        assert _soon(lambda: "QUIT" in server.commands)


def test_a_session_whose_server_said_goodbye_while_it_idled_is_not_used() -> None:
    with scripted_server() as server:
        transport = transport_to(server.port)
        deliver(transport, envelope())
    time.sleep(0.05)
    assert POOL.take(transport.account, time.monotonic()) is None


def test_a_session_on_which_a_word_came_unasked_is_not_used_again() -> None:
    with scripted_server(dot="250 ok\r\n42") as server:
        transport = transport_to(server.port)
        assert deliver(transport, envelope()).verdict is A
        server.script["dot"] = ["250 ok"]
        assert deliver(transport, envelope(2)).verdict is A
        assert server.sessions == 2


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize("connections", [1, 4])
def test_a_limit_of_messages_a_session_costs_sessions_and_no_message(connections: int, pipelining: bool) -> None:
    """What was refused is tried on a session that is new: the others may have come to their limit too."""
    with scripted_server(limit=3, pipelining=pipelining) as server:
        outcomes = send(transport_to(server.port, connections=connections), *map(envelope, range(60)))
        assert ([outcome.verdict for outcome in outcomes], len(server.received)) == ([A] * 60, 60)


def test_a_fork_does_not_use_the_sessions_of_its_parent() -> None:
    with scripted_server() as server:
        transport = transport_to(server.port)
        deliver(transport, envelope())
        child = os.fork()
        if child == 0:
            os._exit(0 if POOL.take(transport.account, time.monotonic()) is None else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert deliver(transport, envelope(2)).verdict is A
        assert server.sessions == 1


def test_threads_share_the_pool_and_no_session() -> None:
    with scripted_server(pipelining=True) as server:
        found: list[Outcome] = []

        def work(first: int) -> None:
            transport = transport_to(server.port, connections=2)
            for start in range(first, first + 50, 10):
                found.extend(send(transport, *map(envelope, range(start, start + 10))))

        threads = [threading.Thread(target=work, args=(first,)) for first in (0, 100, 200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [outcome.verdict for outcome in found] == [A] * 150
        assert len({outcome.delivery_id for outcome in found}) == len(server.received) == 150
        assert server.sessions < 15  # one for each call would be that many


def test_more_sessions_are_opened_only_while_there_are_messages_for_them() -> None:
    with scripted_server() as server:
        deliver(transport_to(server.port, connections=4), envelope())
        assert server.sessions == 1
        assert len(send(transport_to(server.port, connections=4), *map(envelope, range(200)))) == 200
        assert 1 < server.sessions <= 5


def test_with_pipelining_a_message_takes_one_round_trip() -> None:
    with scripted_server(pipelining=True) as server:
        send(transport_to(server.port), *map(envelope, (1, 2)))
        # What begins the second message was said before the first one's dot was answered.
        assert (
            server.commands[1:]
            == [
                "MAIL FROM:<almanac@example.com>",
                "RCPT TO:<ada@example.com>",
                "DATA",
            ]
            * 2
        )


def test_the_following_message_is_not_asked_about_before_its_own_text_leaves() -> None:
    asked: list[tuple[int, int]] = []
    with scripted_server(pipelining=True) as server:

        def may_leave(delivery_id: int) -> bool:
            asked.append((delivery_id, len(server.received)))
            return True

        list(transport_to(server.port).send(map(envelope, (1, 2, 3)), may_leave))
    assert asked == [(1, 0), (2, 1), (3, 2)]


@pytest.mark.parametrize("connections", [1, 4])
def test_a_connection_has_one_message_on_its_way_until_the_caller_knows_what_became_of_it(connections: int) -> None:
    """However fast the server answers: who is killed leaves no more than that in doubt."""
    leaving: set[int] = set()
    most = 0

    def may_leave(delivery_id: int) -> bool:
        nonlocal most
        leaving.add(delivery_id)
        most = max(most, len(leaving))
        return True

    with scripted_server(pipelining=True) as server:
        transport = transport_to(server.port, connections=connections)
        for outcome in transport.send(map(envelope, range(200)), may_leave):
            leaving.remove(outcome.delivery_id)
    assert 1 <= most <= connections


@pytest.mark.parametrize("pipelining", [False, True])
def test_what_must_not_leave_is_held_although_the_server_waits_for_it(pipelining: bool) -> None:
    with scripted_server(pipelining=pipelining) as server:
        transport = transport_to(server.port)
        outcomes = list(transport.send(map(envelope, (1, 2, 3)), lambda delivery_id: delivery_id != 2))
        assert [(outcome.delivery_id, outcome.verdict) for outcome in outcomes] == [(1, A), (2, H), (3, A)]
        assert len(server.received) == 2


@pytest.mark.parametrize("answer", ["421 4.3.2 closing", "454 4.7.0 later"])
def test_what_follows_one_that_is_told_to_slow_down_is_held_or_comes_to_its_end(answer: str) -> None:
    with scripted_server(dot=answer, pipelining=True) as server:
        taken: list[int] = []
        transport = transport_to(server.port)
        outcomes = {each.delivery_id: each for each in transport.send(_taking(range(1, 200), taken), lambda _: True)}
        assert sorted(outcomes) == taken == list(range(1, len(taken) + 1))
        assert len(taken) <= AT_ONCE + 1
        assert [outcomes[1].verdict, outcomes[1].slow_down] == [D, True]
        assert outcomes[2].verdict is (H if answer.startswith("421") else D)
        assert {outcomes[number].verdict for number in taken[2:]} <= {H}


def test_a_message_that_follows_one_whose_answer_is_lost_goes_over_another_session() -> None:
    with scripted_server(dot=[DROP, "250 ok"], pipelining=True) as server:
        outcomes = send(transport_to(server.port), *map(envelope, (1, 2, 3)))
        assert [(outcome.delivery_id, outcome.verdict) for outcome in outcomes] == [(1, Q), (2, A), (3, A)]
        assert server.sessions == 2


def test_a_caller_who_stops_asking_keeps_the_sessions_on_which_nothing_is_under_way() -> None:
    with scripted_server(dot=["250 ok", HANG], pipelining=True) as server:
        transport = transport_to(server.port)
        outcomes = transport.send(map(envelope, (1, 2)), lambda _: True)
        assert next(outcomes).verdict is A
        outcomes.close()
        assert POOL.take(transport.account, time.monotonic()) is None  # it had begun the second
        server.script["dot"] = ["250 ok"]
        outcomes = transport.send(map(envelope, (3,)), lambda _: True)
        assert next(outcomes).verdict is A
        outcomes.close()
        session = POOL.take(transport.account, time.monotonic())
        assert session is not None
        session.quit()


def test_an_error_of_the_callers_own_is_the_callers() -> None:
    """It is no word of the server's, and the message has not left."""

    def may_leave(delivery_id: int) -> bool:
        raise OSError("the disk is full")

    with scripted_server(pipelining=True) as server:
        with pytest.raises(OSError, match="the disk is full"):
            list(transport_to(server.port).send([envelope()], may_leave))
        assert server.received == []


def test_an_address_of_8bit_letters_says_so_where_the_server_wants_to_know() -> None:
    with scripted_server(offers=("8BITMIME", "SMTPUTF8"), pipelining=True) as server:
        data = "To: jürgen@example.com\r\n\r\nGrüße\r\n".encode()
        message = envelope(recipient="jürgen@example.com", utf8=True, data=data)
        assert deliver(transport_to(server.port), message).verdict is A
        assert server.commands[1:3] == [
            "MAIL FROM:<almanac@example.com> SMTPUTF8 BODY=8BITMIME",
            "RCPT TO:<jürgen@example.com>",
        ]
        assert server.received == [data]


def test_the_evidence_of_acceptance_is_short_and_fit_for_a_database() -> None:
    with scripted_server(dot=f"250 2.0.0 \x00{'x' * 500}") as server:
        outcome = deliver(transport_to(server.port), envelope())
        assert outcome.evidence == {"phase": "dot", "code": 250, "text": "2.0.0 " + "x" * 93}


def test_what_was_heard_is_told_before_the_next_is_rendered() -> None:
    told: list[str] = []

    def rendering() -> Iterator[Envelope]:
        for number in (1, 2, 3):
            told.append(f"rendered {number}")
            yield envelope(number)

    with scripted_server() as server:
        outcomes = transport_to(server.port).send(rendering(), lambda _: True)
        told.extend(f"answered {outcome.delivery_id}" for outcome in outcomes)
    assert told.index("answered 1") < told.index("rendered 2")


def _taking(numbers: range, taken: list[int]) -> Iterator[Envelope]:
    for number in numbers:
        taken.append(number)
        yield envelope(number)


def _soon(condition: object) -> bool:
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.01)
    return False
