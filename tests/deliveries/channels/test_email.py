from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from deliveries.channels.base import Channel, Verdict
from deliveries.channels.email import EmailChannel
from deliveries.channels.outbox import MemoryOutbox
from tests.deliveries.channels.contract import ChannelContract, go
from tests.deliveries.channels.servers import scripted_server
from tests.mail_server import MailServer


class TestEmailOverSmtp(ChannelContract):
    @pytest.fixture(autouse=True)
    def _server(self, smtp_server: MailServer, settings: Any) -> None:
        settings.EMAIL_URL = smtp_server.url
        self.server = smtp_server

    def open_channel(self) -> Channel:
        return EmailChannel()

    def received(self) -> list[str]:
        return [str(message["Subject"]) for message in self.server.messages]

    def check_nobody_else_got_it(self) -> None:
        assert [envelope.rcpt_tos for envelope in self.server.envelopes] == [["c1@example.com"]]
        assert [message["Bcc"] for message in self.server.messages] == [None]

    def test_every_mail_carries_what_a_mail_must(self) -> None:
        outgoing = self.outgoing()
        self.send(outgoing)
        message = self.server.messages[0]
        assert message["Message-ID"] == "<1.0123456789abcdef@testserver>"
        assert message["From"] == "Almanac <almanac@example.com>"
        assert message["To"] == "c1@example.com"
        assert message["Date"].datetime.tzinfo is not None

    def test_no_line_on_the_wire_is_too_long(self) -> None:
        words = "x" * 5000 + "ü" * 2000
        self.send(self.outgoing(1, subject=words, text=words, html=words))
        content = self.server.envelopes[0].content
        assert isinstance(content, bytes)
        assert max(map(len, content.split(b"\r\n"))) <= 998
        assert content.isascii()

    @pytest.mark.parametrize(
        "address",
        ["", "nobody", "a b@example.com", "a@b@example.com", "<a@example.com>", "a@example.com\r\nBcc: x@y.z", "a@.."],
    )
    def test_an_address_that_is_none_is_refused_before_the_server_is_asked(self, address: str) -> None:
        outcomes = self.send(self.outgoing(1, address=address), self.outgoing(2))
        assert [outcome.verdict for outcome in outcomes] == [Verdict.REJECTED, Verdict.ACCEPTED]
        assert outcomes[0].evidence["phase"] == "compose"

    def test_an_international_domain_goes_in_its_ascii_form(self) -> None:
        self.send(self.outgoing(1, address="ada@bücher.example"))
        assert self.server.envelopes[0].rcpt_tos == ["ada@xn--bcher-kva.example"]

    def test_a_recipient_whom_the_server_does_not_know_bounces(self) -> None:
        self.server.refuse["c1@example.com"] = "550 5.1.1 no such user"
        outcomes = self.send(self.outgoing(1), self.outgoing(2))
        assert [(outcome.verdict, outcome.suppress) for outcome in outcomes] == [
            (Verdict.REJECTED, "bounce"),
            (Verdict.ACCEPTED, ""),
        ]


class TestEmailOverOnePipelinedConnection(ChannelContract):
    @pytest.fixture(autouse=True)
    def _server(self, settings: Any) -> Iterator[None]:
        with scripted_server(pipelining=True) as self.server:
            settings.EMAIL_URL = f"smtp://127.0.0.1:{self.server.port}?connections=1"
            yield

    def open_channel(self) -> Channel:
        return EmailChannel()

    def received(self) -> list[str]:
        return [str(message_from_bytes(text, policy=policy.default)["Subject"]) for text in self.server.received]

    def test_messages_that_cannot_be_composed_are_answered_for_between_the_others(self) -> None:
        batch = [self.outgoing(number, **({"subject": ""} if number % 2 else {})) for number in range(1, 10)]
        expected = {1: Verdict.REJECTED, 0: Verdict.ACCEPTED}
        assert self.verdicts(*batch) == [(number, expected[number % 2]) for number in range(1, 10)]

    def test_where_none_can_be_composed_nobody_is_connected_to(self) -> None:
        assert {verdict for _, verdict in self.verdicts(*(self.outgoing(n, subject="") for n in (1, 2)))} == {
            Verdict.REJECTED
        }
        assert self.server.sessions == 0


class TestEmailIntoAnOutbox(ChannelContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path, settings: Any) -> None:
        self.folder = tmp_path / "outbox"
        settings.EMAIL_URL = f"outbox://{self.folder}"

    def open_channel(self) -> Channel:
        return EmailChannel()

    def received(self) -> list[str]:
        paths = sorted(self.folder.glob("*.eml")) if self.folder.exists() else []
        texts = [path.read_text() for path in paths]
        return [line.removeprefix("Subject: ") for text in texts for line in text.splitlines() if "Subject:" in line]

    def test_files_are_named_by_moment_and_message_id(self) -> None:
        self.send(self.outgoing())
        assert [path.name.split("-", 1)[1] for path in self.folder.iterdir()] == ["1.0123456789abcdef@testserver.eml"]

    def test_what_is_forgotten_is_deleted_and_nothing_else(self) -> None:
        self.send(self.outgoing(1), self.outgoing(2))
        self.open_channel().forget(["1.0123456789abcdef"])
        assert self.received() == ["Subject 2"]

    def test_a_folder_that_cannot_be_written_defers(self, settings: Any, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        settings.EMAIL_URL = f"outbox://{tmp_path / 'file' / 'outbox'}"
        outcome = self.send(self.outgoing())[0]
        assert (outcome.verdict, outcome.slow_down) == (Verdict.DEFERRED, True)


class TestEmailThroughAProvider(ChannelContract):
    @pytest.fixture(autouse=True)
    def _provider(self, settings: Any) -> None:
        settings.EMAIL_URL = "anymail+test://"

    def open_channel(self) -> Channel:
        return EmailChannel()

    def received(self) -> list[str]:
        from django.core import mail

        return [str(message.subject) for message in mail.outbox]

    def test_the_parts_and_headers_arrive(self) -> None:
        from django.core import mail

        self.send(self.outgoing())
        message: Any = mail.outbox[0]
        assert (message.body, message.alternatives[0].content) == ("Text\n", "<p>Text</p>\n")
        assert message.extra_headers["Message-ID"] == "<1.0123456789abcdef@testserver>"


def test_the_memory_outbox_keeps_what_it_is_given(settings: Any) -> None:
    settings.EMAIL_URL = "memory://"
    MemoryOutbox.messages.clear()
    list(EmailChannel().send([ChannelContract().outgoing()], go))
    assert [envelope.recipient for envelope in MemoryOutbox.messages] == ["c1@example.com"]
