"""What a server may do at each step, and the verdict: the same over one connection and four, pipelined and not."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deliveries.channels.base import Outcome, Verdict
from deliveries.channels.email_url import SmtpServer
from deliveries.channels.smtp import Envelope, SmtpTransport
from tests.deliveries.channels.servers import DROP, HANG, LINES, ScriptedServer, scripted_server, tls_contexts

pytestmark = pytest.mark.no_database
A, D, R, Q, H = Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.REJECTED, Verdict.AMBIGUOUS, Verdict.HELD
Certificate = tuple[Path, Path]

# What the server does, at which step; the verdict; the phase in the evidence; suppressed; the channel slows down.
BEHAVIOURS = [
    ("greeting", HANG, D, "connect", "", True),
    ("greeting", DROP, D, "connect", "", True),
    ("greeting", "554 go away", D, "connect", "", True),
    ("greeting", "421 too busy", D, "connect", "", True),
    ("greeting", "mumble", D, "connect", "", True),
    ("EHLO", HANG, D, "session", "", True),
    ("EHLO", DROP, D, "session", "", True),
    ("EHLO", "421 too busy", D, "session", "", True),
    ("AUTH", HANG, D, "session", "", True),
    ("AUTH", DROP, D, "session", "", True),
    ("AUTH", "535 5.7.8 who are you", D, "session", "", True),
    ("AUTH", "454 4.7.0 later", D, "session", "", True),
    ("AUTH", "421 4.3.2 closing", D, "session", "", True),
    ("AUTH", "mumble", D, "session", "", True),
    ("MAIL", HANG, D, "mail", "", False),
    ("MAIL", DROP, D, "mail", "", False),
    ("MAIL", "451 4.3.0 later", D, "mail", "", False),
    ("MAIL", "451-4.3.0 later\r\n451-4.3.0 really\r\n451 4.3.0 so", D, "mail", "", False),
    ("MAIL", "550 5.7.1 not you", R, "mail", "", False),
    ("MAIL", "530 5.7.0 sign in first", D, "mail", "", True),
    ("MAIL", "454 4.7.0 not now", D, "mail", "", True),
    ("MAIL", "421 4.3.2 closing", D, "mail", "", True),
    ("MAIL", "mumble", D, "mail", "", False),
    ("RCPT", HANG, D, "rcpt", "", False),
    ("RCPT", DROP, D, "rcpt", "", False),
    ("RCPT", "450 4.2.1 busy", D, "rcpt", "", False),
    ("RCPT", "550 5.1.1 no such user", R, "rcpt", "bounce", False),
    ("RCPT", "550-5.1.1 no such user\r\n550 5.1.1 here", R, "rcpt", "bounce", False),
    ("RCPT", "550 no such user", R, "rcpt", "bounce", False),
    ("RCPT", "550 5.7.1 blocked", R, "rcpt", "", False),
    ("RCPT", "552 5.2.2 full", R, "rcpt", "", False),
    ("RCPT", "421 4.3.2 closing", D, "rcpt", "", True),
    ("RCPT", "mumble", D, "rcpt", "", False),
    ("DATA", HANG, D, "data", "", False),
    ("DATA", DROP, D, "data", "", False),
    ("DATA", "451 4.3.0 later", D, "data", "", False),
    ("DATA", "554 5.5.1 no", R, "data", "", False),
    ("DATA", "421 4.3.2 closing", D, "data", "", True),
    ("DATA", "250 what?", D, "data", "", False),
    ("DATA", "mumble", D, "data", "", False),
    ("dot", HANG, Q, "dot", "", False),
    ("dot", DROP, Q, "dot", "", False),
    ("dot", "mumble", Q, "dot", "", False),
    ("dot", "354 more?", Q, "dot", "", False),
    ("dot", "451 4.3.0 later", D, "dot", "", False),
    ("dot", "554 5.7.1 spam", R, "dot", "", False),
    ("dot", "421 4.3.2 closing", D, "dot", "", True),
    ("dot", "250 2.0.0 queued as 1A", A, "dot", "", False),
    ("dot", "250-2.0.0 queued\r\n250 2.0.0 as 1A", A, "dot", "", False),
]
# Connections, whether the server offers PIPELINING, and what else is special about it.
WAYS = [(1, False, ""), (1, True, ""), (4, False, ""), (4, True, ""), (4, True, "tls"), (4, True, "bytewise")]


def envelope(number: int, text: bytes = b"text") -> Envelope:
    data = b"Number: %d\r\n\r\n%s\r\n" % (number, text)
    return Envelope(number, "almanac@example.com", f"c{number}@example.com", data)


def send(transport: SmtpTransport, *envelopes: Envelope) -> list[Outcome]:
    outcomes = list(transport.send(envelopes, lambda _: True))
    transport.close()
    return outcomes


@contextmanager
def server_and_transport(
    certificate: Certificate, connections: int, special: str, wait: float, **given: Any
) -> Iterator[tuple[ScriptedServer, SmtpTransport]]:
    serving, trusting = tls_contexts(*map(str, certificate))
    given |= {"implicit_tls": serving} if special == "tls" else {}
    given |= {"offers": ("AUTH PLAIN",)} if "AUTH" in given else {}
    with scripted_server(bytewise=special == "bytewise", **given) as server:
        security, user = "tls" if special == "tls" else "", "me" if "AUTH" in given else ""
        there = SmtpServer("localhost", server.port, security, user, "secret", wait, wait, connections)
        yield server, SmtpTransport(there, context=trusting)


@pytest.mark.parametrize(("connections", "pipelining", "special"), WAYS, ids=lambda value: str(value))
@pytest.mark.parametrize(
    ("at", "answer", "verdict", "phase", "suppress", "slow_down"),
    BEHAVIOURS,
    ids=[f"{at}: {answer}" for at, answer, *_ in BEHAVIOURS],
)
def test_the_verdict_on_what_a_server_does_once(
    at: str,
    answer: str,
    verdict: Verdict,
    phase: str,
    suppress: str,
    slow_down: bool,
    connections: int,
    pipelining: bool,
    special: str,
    certificate: Certificate,
) -> None:
    """It does it to one of six messages; the others arrive, or are held where it asked to slow down."""
    wait = 0.5 if answer == HANG else 5
    usual = LINES.get(at, "250 sink")
    with server_and_transport(
        certificate, connections, special, wait, pipelining=pipelining, **{at: [answer, usual]}
    ) as (server, transport):
        outcomes = {outcome.delivery_id: outcome for outcome in send(transport, *map(envelope, range(1, 7)))}
        met = [outcome for outcome in outcomes.values() if outcome.evidence.get("phase") and outcome.verdict is not A]
        if verdict is A:
            met = [outcome for outcome in outcomes.values() if outcome.evidence["text"].startswith("2.0.0 queued")]
    assert [(o.verdict, o.evidence["phase"], o.suppress, o.slow_down) for o in met] == [
        (verdict, phase, suppress, slow_down)
    ]
    assert met[0].evidence["text"]
    others = [outcome for outcome in outcomes.values() if outcome is not met[0]]
    assert {outcome.verdict for outcome in others} <= ({A, H} if slow_down else {A})
    assert sorted(server.received_numbers) == sorted(
        number for number, outcome in outcomes.items() if outcome.verdict is A or outcome.evidence.get("phase") == "dot"
    )


@pytest.mark.parametrize(("at", "answer"), [("STARTTLS", HANG), ("STARTTLS", DROP), ("STARTTLS", "454 4.7.0 not now")])
def test_without_the_tls_that_was_asked_for_nothing_is_sent(at: str, answer: str) -> None:
    with scripted_server(script={at: answer}, offers=("STARTTLS",)) as server:
        there = SmtpServer("127.0.0.1", server.port, "starttls", timeout=0.5, final_timeout=0.5)
        outcomes = send(SmtpTransport(there), envelope(1), envelope(2))
        assert [(o.verdict, o.evidence["phase"], o.slow_down) for o in outcomes] == [(D, "session", True)]
        assert not any(command.startswith("MAIL") for command in server.commands)


def test_a_server_that_says_yes_to_tls_and_talks_on_is_left() -> None:
    with scripted_server(offers=("STARTTLS",)) as server:
        there = SmtpServer("127.0.0.1", server.port, "starttls", timeout=0.5, final_timeout=0.5)
        outcomes = send(SmtpTransport(there), envelope(1))
        assert [(o.verdict, o.evidence["phase"], o.slow_down) for o in outcomes] == [(D, "session", True)]


@pytest.mark.parametrize("connections", [1, 4])
def test_a_server_that_is_not_there_defers_one_message_and_takes_no_other(connections: int) -> None:
    with scripted_server() as server:
        port = server.port
    taken: list[int] = []

    def taking() -> Iterator[Envelope]:
        for number in range(1, 7):
            taken.append(number)
            yield envelope(number)

    transport = SmtpTransport(SmtpServer("127.0.0.1", port, timeout=1, connections=connections))
    outcomes = list(transport.send(taking(), lambda _: True))
    assert [(o.delivery_id, o.verdict, o.evidence["phase"], o.slow_down) for o in outcomes] == [(1, D, "connect", True)]
    assert taken == [1]


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("pipelining", [False, True])
def test_a_connection_that_breaks_in_the_text_has_not_delivered(connections: int, pipelining: bool) -> None:
    with scripted_server(body=DROP, pipelining=pipelining) as server:
        there = SmtpServer("127.0.0.1", server.port, timeout=5, connections=connections)
        outcomes = send(SmtpTransport(there), *(envelope(number, b"x" * 20_000_000) for number in (1, 2)))
        assert sorted((o.delivery_id, o.verdict, o.evidence["phase"]) for o in outcomes) == [
            (1, D, "body"),
            (2, D, "body"),
        ]
        assert server.received == []


@pytest.mark.parametrize("special", ["", "tls"])
def test_a_text_that_is_longer_than_the_kernel_takes_at_once_arrives_whole(
    special: str, certificate: Certificate
) -> None:
    text = b"".join(b"%070d\r\n" % number for number in range(100_000))
    with server_and_transport(certificate, 2, special, 10, pipelining=True) as (server, transport):
        outcomes = send(transport, *(envelope(number, text) for number in (1, 2, 3)))
        assert [outcome.verdict for outcome in outcomes] == [A, A, A]
        assert sorted(server.received) == [envelope(number, text).data for number in (1, 2, 3)]


def test_a_server_that_reads_no_further_has_not_got_the_message() -> None:
    with scripted_server(dot=HANG, pipelining=True) as server:
        there = SmtpServer("127.0.0.1", server.port, timeout=0.5, final_timeout=0.5, connections=1)
        # The text is on its way when the server falls silent behind the message before.
        outcomes = send(SmtpTransport(there), envelope(1), envelope(2, b"x" * 20_000_000))
        assert [(o.delivery_id, o.verdict, o.evidence["phase"]) for o in outcomes] == [(1, Q, "dot"), (2, Q, "dot")]
        assert server.received_numbers == [1, 2]


@pytest.mark.parametrize("answer", [DROP, HANG, "421 4.7.0 too many messages"])
@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("pipelining", [False, True])
def test_a_server_with_a_limit_of_messages_a_session_costs_no_message(
    answer: str, connections: int, pipelining: bool
) -> None:
    """Every third MAIL ends its session, for whoever says it."""
    script = ["250 ok", "250 ok", answer] * 12 + ["250 ok"]
    with scripted_server(MAIL=script, pipelining=pipelining) as server:
        wait = 0.4 if answer == HANG else 5
        there = SmtpServer("127.0.0.1", server.port, timeout=wait, final_timeout=wait, connections=connections)
        outcomes = send(SmtpTransport(there), *map(envelope, range(1, 7)))
        # Over four connections it hits new sessions too, and those say no for themselves.
        assert {outcome.verdict for outcome in outcomes} <= ({A} if connections == 1 else {A, D, H})
        assert sorted(server.received_numbers) == [o.delivery_id for o in sorted(outcomes, key=_id) if o.verdict is A]


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_refused_recipient_leaves_the_session_to_the_next_message(stubborn: bool) -> None:
    """A server may accept DATA although it took nobody (RFC 2920, 3.1); a lone dot ends that."""
    with scripted_server(RCPT=["550 5.1.1 no", "250 ok"], pipelining=True, stubborn=stubborn) as server:
        transport = SmtpTransport(SmtpServer("127.0.0.1", server.port, timeout=5, connections=1))
        outcomes = send(transport, *map(envelope, (1, 2, 3)))
        assert [outcome.verdict for outcome in outcomes] == [R, A, A]
        assert (server.sessions, server.received_numbers) == (1, [2, 3])


def test_a_server_that_wants_a_text_from_a_sender_whom_it_refused_gets_none() -> None:
    with scripted_server(MAIL=["550 5.7.1 no", "250 ok"], pipelining=True, stubborn=True) as server:
        transport = SmtpTransport(SmtpServer("127.0.0.1", server.port, timeout=5, connections=1))
        assert [outcome.verdict for outcome in send(transport, *map(envelope, (1, 2)))] == [R, A]
        assert (server.sessions, server.received_numbers) == (2, [2])


@pytest.mark.parametrize("pipelining", [False, True])
def test_one_that_hangs_does_not_hold_up_the_others(pipelining: bool) -> None:
    """The one behind it on the same connection neither."""
    with scripted_server(dot=[HANG, "250 ok"], pipelining=pipelining) as server:
        there = SmtpServer("127.0.0.1", server.port, timeout=0.2, final_timeout=3, connections=2)
        outcomes = list(SmtpTransport(there).send(map(envelope, range(1, 30)), lambda _: True))
        assert [outcome.verdict for outcome in outcomes] == [*[A] * 28, Q]
        assert {outcome.delivery_id for outcome in outcomes} == set(range(1, 30))


def test_where_no_further_session_is_to_be_had_it_goes_on_with_those_there_are() -> None:
    with scripted_server(greeting=["220 ready", "421 too many connections"], pipelining=True) as server:
        transport = SmtpTransport(SmtpServer("127.0.0.1", server.port, timeout=5, connections=4))
        outcomes = send(transport, *map(envelope, range(1, 200)))
        assert {(outcome.verdict, outcome.slow_down) for outcome in outcomes} == {(A, False)}
        assert sorted(server.received_numbers) == list(range(1, 200))
        assert server.sessions <= 4


@pytest.mark.parametrize(("drips", "phase"), [("greeting", "connect"), ("MAIL", "mail")])
def test_a_server_that_drips_is_late_all_the_same(drips: str, phase: str) -> None:
    """It says something ten times a second, and never enough."""
    with scripted_server(script={drips: "220-" + "x" * 50 + "\r\n220 ready"}, drips=drips) as server:
        transport = SmtpTransport(SmtpServer("127.0.0.1", server.port, timeout=0.3, connections=1))
        outcome = send(transport, envelope(1))[0]
        assert (outcome.verdict, outcome.evidence["phase"], outcome.evidence["text"]) == (
            D,
            phase,
            "TimeoutError: timed out",
        )


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_session_that_cannot_be_cleared_carries_no_further_message(pipelining: bool) -> None:
    with scripted_server(RCPT=["451 later", "250 ok"], RSET="502 what?", pipelining=pipelining) as server:
        transport = SmtpTransport(SmtpServer("127.0.0.1", server.port, timeout=5, connections=1))
        assert [outcome.verdict for outcome in send(transport, *map(envelope, (1, 2)))] == [D, A]
        assert server.sessions == 2


def test_an_answer_that_goes_on_and_on_is_not_listened_to() -> None:
    with scripted_server(MAIL="250-more\r\n" * 20_000 + "250-and more") as server:
        transport = SmtpTransport(SmtpServer("127.0.0.1", server.port, timeout=5, connections=1))
        outcome = send(transport, envelope(1))[0]
        assert (outcome.verdict, outcome.evidence["phase"]) == (D, "mail")


@pytest.mark.parametrize(
    ("at", "answer"),
    [("dot", "250 ok\r\n250 and another"), ("MAIL", "250\r\n354"), ("RCPT", "250 ok\r\n354 go on")],
)
def test_a_word_that_nobody_asked_for_is_not_taken_for_an_answer(at: str, answer: str) -> None:
    with scripted_server(script={at: answer}, pipelining=True) as server:
        there = SmtpServer("127.0.0.1", server.port, timeout=1, final_timeout=1, connections=1)
        outcomes = send(SmtpTransport(there), *map(envelope, (1, 2, 3)))
        confirmed = {outcome.delivery_id for outcome in outcomes if outcome.verdict is A}
        assert confirmed <= set(server.received_numbers)


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_text_that_is_taken_before_it_left_does_not_leave(pipelining: bool) -> None:
    with scripted_server(DATA="354 go on\r\n250 and taken", pipelining=pipelining) as server:
        there = SmtpServer("127.0.0.1", server.port, timeout=5, connections=1)
        outcomes = send(SmtpTransport(there), *map(envelope, (1, 2)))
        assert [(outcome.verdict, outcome.evidence["phase"]) for outcome in outcomes] == [(D, "body")] * 2
        assert server.received == []


def _id(outcome: Outcome) -> int:
    return outcome.delivery_id
