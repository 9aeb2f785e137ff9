"""What an SMTP server may do at each step, and the verdict that is then right."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from deliveries.channels.base import Outcome, Verdict
from deliveries.channels.email_url import SmtpServer
from deliveries.channels.smtp import Envelope, SmtpTransport
from deliveries.channels.smtp.pool import POOL
from tests.deliveries.channels.scenes import A, D, H, Q, R
from tests.deliveries.channels.servers import DROP, HANG, LINES, ScriptedServer, scripted_server, tls_contexts

Certificate = tuple[Path, Path]


class Behaviour(NamedTuple):
    """What the server does, at which step; then the verdict, the phase in its evidence, what is suppressed, and whether
    the channel slows down."""

    at: str
    answer: str
    verdict: Verdict
    phase: str
    suppress: str
    slow_down: bool

    def __str__(self) -> str:
        return f"{self.at}: {self.answer}"


class Way(NamedTuple):
    """Connections, whether the server offers PIPELINING, and what else is special about it."""

    connections: int
    pipelining: bool
    special: str = ""


BEHAVIOURS = [
    Behaviour("greeting", HANG, D, "connect", "", True),
    Behaviour("greeting", DROP, D, "connect", "", True),
    Behaviour("greeting", "554 go away", D, "connect", "", True),
    Behaviour("greeting", "421 too busy", D, "connect", "", True),
    Behaviour("greeting", "mumble", D, "connect", "", True),
    Behaviour("EHLO", HANG, D, "session", "", True),
    Behaviour("EHLO", DROP, D, "session", "", True),
    Behaviour("EHLO", "421 too busy", D, "session", "", True),
    Behaviour("AUTH", HANG, D, "session", "", True),
    Behaviour("AUTH", DROP, D, "session", "", True),
    Behaviour("AUTH", "535 5.7.8 who are you", D, "session", "", True),
    Behaviour("AUTH", "454 4.7.0 later", D, "session", "", True),
    Behaviour("AUTH", "421 4.3.2 closing", D, "session", "", True),
    Behaviour("AUTH", "mumble", D, "session", "", True),
    Behaviour("MAIL", HANG, D, "mail", "", False),
    Behaviour("MAIL", DROP, D, "mail", "", False),
    Behaviour("MAIL", "451 4.3.0 later", D, "mail", "", False),
    Behaviour("MAIL", "451-4.3.0 later\r\n451-4.3.0 really\r\n451 4.3.0 so", D, "mail", "", False),
    Behaviour("MAIL", "550 5.7.1 not you", R, "mail", "", False),
    Behaviour("MAIL", "530 5.7.0 sign in first", D, "mail", "", True),
    Behaviour("MAIL", "454 4.7.0 not now", D, "mail", "", True),
    Behaviour("MAIL", "421 4.3.2 closing", D, "mail", "", True),
    Behaviour("MAIL", "mumble", D, "mail", "", False),
    Behaviour("RCPT", HANG, D, "rcpt", "", False),
    Behaviour("RCPT", DROP, D, "rcpt", "", False),
    Behaviour("RCPT", "450 4.2.1 busy", D, "rcpt", "", False),
    Behaviour("RCPT", "550 5.1.1 no such user", R, "rcpt", "bounce", False),
    Behaviour("RCPT", "550-5.1.1 no such user\r\n550 5.1.1 here", R, "rcpt", "bounce", False),
    Behaviour("RCPT", "550 no such user", R, "rcpt", "bounce", False),
    Behaviour("RCPT", "550 5.7.1 blocked", R, "rcpt", "", False),
    Behaviour("RCPT", "552 5.2.2 full", R, "rcpt", "", False),
    Behaviour("RCPT", "421 4.3.2 closing", D, "rcpt", "", True),
    Behaviour("RCPT", "mumble", D, "rcpt", "", False),
    Behaviour("DATA", HANG, D, "data", "", False),
    Behaviour("DATA", DROP, D, "data", "", False),
    Behaviour("DATA", "451 4.3.0 later", D, "data", "", False),
    Behaviour("DATA", "554 5.5.1 no", R, "data", "", False),
    Behaviour("DATA", "421 4.3.2 closing", D, "data", "", True),
    Behaviour("DATA", "250 what?", D, "data", "", False),
    Behaviour("DATA", "mumble", D, "data", "", False),
    Behaviour("dot", HANG, Q, "dot", "", False),
    Behaviour("dot", DROP, Q, "dot", "", False),
    Behaviour("dot", "mumble", Q, "dot", "", False),
    Behaviour("dot", "354 more?", Q, "dot", "", False),
    Behaviour("dot", "451 4.3.0 later", D, "dot", "", False),
    Behaviour("dot", "554 5.7.1 spam", R, "dot", "", False),
    Behaviour("dot", "421 4.3.2 closing", D, "dot", "", True),
    Behaviour("dot", "250 2.0.0 queued as 1A", A, "dot", "", False),
    Behaviour("dot", "250-2.0.0 queued\r\n250 2.0.0 as 1A", A, "dot", "", False),
]
WAYS = [Way(1, False), Way(1, True), Way(4, False), Way(4, True), Way(4, True, "tls"), Way(4, True, "bytewise")]


def envelope(number: int, text: bytes = b"text") -> Envelope:
    data = b"Number: %d\r\n\r\n%s\r\n" % (number, text)
    return Envelope(number, "almanac@example.com", f"c{number}@example.com", data)


def send(transport: SmtpTransport, *envelopes: Envelope) -> list[Outcome]:
    outcomes = list(transport.send(envelopes, lambda _: True))
    transport.close()
    return outcomes


@contextmanager
def server_and_transport(
    certificate: Certificate, way: Way, wait: float, **given: Any
) -> Iterator[tuple[ScriptedServer, SmtpTransport]]:
    serving, trusting = tls_contexts(*map(str, certificate))
    given |= {"pipelining": way.pipelining} | ({"implicit_tls": serving} if way.special == "tls" else {})
    given |= {"offers": ("AUTH PLAIN",)} if "AUTH" in given else {}
    with scripted_server(bytewise=way.special == "bytewise", **given) as server:
        security, user = "tls" if way.special == "tls" else "", "me" if "AUTH" in given else ""
        there = SmtpServer("localhost", server.port, security, user, "secret", wait, wait, way.connections)
        yield server, SmtpTransport(there, context=trusting)
        POOL.empty()


def deviations(behaviour: Behaviour, way: Way, certificate: Certificate) -> list[str]:
    """What is not as tabled where the server does it to one of six messages: the others arrive, or are held where it
    asked to slow down."""
    wait, usual = 0.5 if behaviour.answer == HANG else 5, LINES.get(behaviour.at, "250 sink")
    script = {behaviour.at: [behaviour.answer, usual]}
    with server_and_transport(certificate, way, wait, **script) as (server, transport):
        outcomes = {outcome.delivery_id: outcome for outcome in send(transport, *map(envelope, range(1, 7)))}
    met = [each for each in outcomes.values() if _is_met(each, behaviour)]
    said = [(each.verdict, each.evidence["phase"], each.suppress, each.slow_down) for each in met]
    others = {each.verdict for each in outcomes.values() if each not in met}
    arrived = [pk for pk, each in outcomes.items() if each.verdict is A or each.evidence.get("phase") == "dot"]
    rules = {
        f"the verdict is {said}": said == [behaviour[2:]],
        "nothing is said of why": all(each.evidence["text"] for each in met),
        f"the others are {others}": others <= ({A, H} if behaviour.slow_down else {A}),
        f"{server.received_numbers} arrived": sorted(server.received_numbers) == sorted(arrived),
    }
    return [words for words, holds in rules.items() if not holds]


def _is_met(outcome: Outcome, behaviour: Behaviour) -> bool:
    if behaviour.verdict is A:
        return str(outcome.evidence["text"]).startswith("2.0.0 queued")
    return bool(outcome.evidence.get("phase")) and outcome.verdict is not A
