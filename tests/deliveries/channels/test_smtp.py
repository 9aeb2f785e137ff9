from collections.abc import Iterator

import pytest

from deliveries.channels.smtp import Envelope
from deliveries.channels.smtp.envelope import stuffed
from deliveries.channels.smtp.supply import AT_ONCE
from deliveries.channels.smtp.verdicts import is_hard_bounce
from tests.deliveries.channels.scenes import TEXT, A, D, H, R, deliver, envelope, send, transport_to
from tests.deliveries.channels.servers import scripted_server
from tests.mail_server import MailServer

pytestmark = pytest.mark.no_database


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


@pytest.mark.parametrize(
    ("code", "text", "is_bounce"),
    [(550, "5.1.1 unknown", True), (553, "bad mailbox", True), (550, "5.7.26 policy", False), (552, "full", False)],
)
def test_a_hard_bounce_is_about_the_address(code: int, text: str, is_bounce: bool) -> None:
    assert is_hard_bounce(code, text) is is_bounce


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
