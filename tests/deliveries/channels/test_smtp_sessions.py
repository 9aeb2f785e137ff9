"""Sessions outlive a dispatch and are shared, as long as they are good; no message is lost with one."""

import os
import threading
import time

import pytest

from deliveries.channels.base import Outcome
from deliveries.channels.smtp.pool import POOL
from tests.deliveries.channels.scenes import PATIENCE, A, D, Q, R, deliver, envelope, send, transport_to
from tests.deliveries.channels.servers import DROP, HANG, scripted_server

pytestmark = pytest.mark.no_database


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


def _soon(condition: object) -> bool:
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.01)
    return False
