"""What a server may do at each step, and the verdict: the same over one connection and four, pipelined and not."""

from collections.abc import Iterator

import pytest

from deliveries.channels.base import Outcome
from deliveries.channels.email_url import SmtpServer
from deliveries.channels.smtp import Envelope, SmtpTransport
from tests.deliveries.channels.behaviours import (
    BEHAVIOURS,
    WAYS,
    Behaviour,
    Certificate,
    Way,
    deviations,
    envelope,
    send,
    server_and_transport,
)
from tests.deliveries.channels.scenes import A, D, H, Q, R
from tests.deliveries.channels.servers import DROP, HANG, scripted_server

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way)))
@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=str)
def test_the_verdict_on_what_a_server_does_once(behaviour: Behaviour, way: Way, certificate: Certificate) -> None:
    assert deviations(behaviour, way, certificate) == []


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
    with server_and_transport(certificate, Way(2, True, special), 10) as (server, transport):
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
