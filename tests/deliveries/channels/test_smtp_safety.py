"""Whatever a server says: what we call accepted it has got, and what we call not sent it has not, or has refused."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from deliveries.channels.base import Verdict
from deliveries.channels.email_url import SmtpServer
from deliveries.channels.smtp import Envelope, SmtpTransport
from deliveries.channels.smtp.pool import POOL
from tests.deliveries.channels.servers import DROP, HANG, LINES, scripted_server

pytestmark = pytest.mark.no_database
CERTAIN = {Verdict.DEFERRED, Verdict.REJECTED, Verdict.HELD}
STEPS = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "dot", "RSET")
# In one piece it is seen to be too much; byte by byte, a server that says it before it has the text lies undetected.
TOO_MUCH = "354 go on\r\n250 and taken"
SAYINGS = (
    "250 ok",
    "250-ok\r\n250 and so on",
    "250 ok\r\n250 and another",
    "354 go on",
    TOO_MUCH,
    "250 ok\r\n354 go on",
    "421 4.3.2 closing",
    "451 4.3.0 later",
    "454 4.7.0 slowly",
    "550 5.1.1 no such user",
    "mumble",
    "",
    DROP,
)


@dataclass(frozen=True)
class Play:
    """What the server does, and what the caller does."""

    script: dict[str, list[str]]
    pipelining: bool
    stubborn: bool
    bytewise: bool
    connections: int
    messages: int
    stopped: frozenset[int]
    closed_after: int | None


def scripts() -> st.SearchStrategy[dict[str, list[str]]]:
    """Each step answers as usual for a while, then as it likes, then as usual again; now and then it says nothing."""
    sayings = st.one_of(st.sampled_from(SAYINGS), st.sampled_from([*SAYINGS] * 3 + [HANG]))
    odd = st.tuples(st.integers(0, 4), st.lists(sayings, min_size=1, max_size=3))
    return st.dictionaries(st.sampled_from(STEPS), odd, max_size=3).map(
        lambda steps: {
            step: [*[LINES.get(step, "250 sink")] * usual, *strange, LINES.get(step, "250 sink")]
            for step, (usual, strange) in steps.items()
        }
    )


plays = st.builds(
    Play,
    script=scripts(),
    pipelining=st.booleans(),
    stubborn=st.booleans(),
    bytewise=st.sampled_from([False, False, True]),
    connections=st.integers(1, 4),
    messages=st.integers(1, 12),
    stopped=st.frozensets(st.integers(1, 12), max_size=3),
    closed_after=st.none() | st.integers(0, 5),
)


def answers_ahead(script: dict[str, list[str]]) -> bool:
    """A server that says "go on" before it was given DATA, and yes to DATA, calls taken what it has not been given: no
    client could tell."""
    goes_on = any("354" in saying for step in ("MAIL", "RCPT") for saying in script.get(step, []))
    return goes_on and any(saying.startswith("250") for saying in script.get("DATA", []))


@given(plays)
def test_whatever_a_server_says_no_message_is_taken_for_what_it_is_not(play: Play) -> None:
    assume(not (play.bytewise and any(TOO_MUCH in sayings for sayings in play.script.values())))
    assume(not answers_ahead(play.script))
    taken: list[int] = []

    def taking() -> Iterator[Envelope]:
        for number in range(1, play.messages + 1):
            taken.append(number)
            yield Envelope(number, "a@example.com", f"c{number}@example.com", b"Number: %d\r\n\r\n.\r\n" % number)

    with scripted_server(
        script=dict(play.script), pipelining=play.pipelining, stubborn=play.stubborn, bytewise=play.bytewise
    ) as server:
        there = SmtpServer("127.0.0.1", server.port, timeout=0.2, final_timeout=0.2, connections=play.connections)
        verdicts: list[tuple[int, Verdict]] = []
        leaving: set[int] = set()

        def may_leave(number: int) -> bool:
            leaving.add(number)
            # A worker that is killed leaves at most one message a connection in doubt.
            assert len(leaving) <= play.connections
            return number not in play.stopped

        with closing(SmtpTransport(there).send(taking(), may_leave)) as outcomes:
            for outcome in outcomes:
                leaving.discard(outcome.delivery_id)
                verdicts.append((outcome.delivery_id, outcome.verdict))
                if len(verdicts) == play.closed_after:
                    break
        POOL.empty()
    answered = [number for number, _ in verdicts]
    received = server.received_numbers
    assert len(set(answered)) == len(answered)
    assert set(answered) <= set(taken)
    assert set(answered) == set(taken) or len(verdicts) == play.closed_after
    assert {number for number, verdict in verdicts if verdict is Verdict.ACCEPTED} <= set(received)
    assert {number for number, verdict in verdicts if verdict in CERTAIN} & set(received) <= set(server.refused_numbers)
    assert not play.stopped & set(received)
    assert len(set(received)) == len(received)
