"""E-mail: composes each message and hands it to the transport that `EMAIL_URL` names."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import ClassVar, Protocol

from django.conf import settings

from deliveries.channels.anymail import AnymailTransport
from deliveries.channels.base import Channel, MayLeave, Outcome, Outgoing, Verdict
from deliveries.channels.email_url import EmailUrl, read_email_url
from deliveries.channels.envelopes import envelope_of, host
from deliveries.channels.outbox import MemoryOutbox, Outbox
from deliveries.channels.smtp import Envelope, SmtpTransport
from deliveries.mail import CannotCompose


class Transport(Protocol):
    """Carries composed messages, as a channel carries rendered ones: the same promises as `Channel.send`."""

    def send(self, envelopes: Iterable[Envelope], may_leave: MayLeave) -> Generator[Outcome, None, None]: ...

    def close(self) -> None: ...


class EmailChannel(Channel):
    """Messages with subject, HTML and text, to the address of a customer."""

    label: ClassVar[str] = "E-mail"
    address_field: ClassVar[str] = "email"
    carries_mail: ClassVar[bool] = True
    required_fields: ClassVar[tuple[str, ...]] = ("subject",)
    fields: ClassVar[tuple[str, ...]] = ("subject", "html", "text")

    def __init__(self, transport: Transport | None = None) -> None:
        self._transport = transport

    def send(self, messages: Iterable[Outgoing], may_leave: MayLeave) -> Iterator[Outcome]:
        # A message that cannot be composed is answered for here, between the outcomes of those that can.
        rejected: deque[Outcome] = deque()
        with closing(self.transport.send(_composed(messages, rejected), may_leave)) as outcomes:
            for outcome in outcomes:
                yield outcome
                while rejected:
                    yield rejected.popleft()
        yield from rejected

    @property
    def transport(self) -> Transport:
        """Made at the first message, so that a channel that is asked nothing opens nothing."""
        if self._transport is None:
            self._transport = transport_for(read_email_url(settings.EMAIL_URL))
        return self._transport

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def forget(self, message_ids: Sequence[str]) -> None:
        url = read_email_url(settings.EMAIL_URL)
        if url.kind == "outbox":
            Outbox(url.folder).forget([f"{message_id}@{host()}" for message_id in message_ids])


def transport_for(url: EmailUrl) -> Transport:
    if url.kind == "smtp" and url.server is not None:
        return SmtpTransport(url.server, hello=host())
    if url.kind == "outbox":
        return Outbox(url.folder)
    if url.kind == "anymail":
        return AnymailTransport(url.esp, url.options)
    return MemoryOutbox()


def _composed(messages: Iterable[Outgoing], rejected: deque[Outcome]) -> Iterator[Envelope]:
    for outgoing in messages:
        try:
            envelope = envelope_of(outgoing)
        except CannotCompose as problem:
            evidence = {"phase": "compose", "text": str(problem)[:300]}
            rejected.append(Outcome(outgoing.delivery_id, Verdict.REJECTED, evidence))
        else:
            yield envelope
