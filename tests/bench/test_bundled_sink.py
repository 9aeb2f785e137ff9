"""The benchmark's own sink: it counts and keeps what a client sent, however the bytes were cut."""

import smtplib
import socket
from pathlib import Path

from bench.bundled_sink import Count, Session
from bench.sink import sink


class Wire:
    """A transport that remembers what was written."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data


PIPELINED = (
    b"EHLO here\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
    b"Subject: one\r\n\r\n..dots\r\n.\r\n"
    b"MAIL FROM:<a@example.com>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n\r\ntwo\r\n.\r\n"
)


def session(taken: list[tuple[bytes, bytes]]) -> tuple[Session, Wire]:
    wire = Wire()
    made = Session(lambda recipient, content: taken.append((recipient, content)))
    made._transport = wire  # type: ignore[assignment]  # as much of one as is needed
    return made, wire


def test_a_pipelined_session_is_understood_however_it_is_cut() -> None:
    for size in (1, 2, 3, 7, 50, len(PIPELINED)):
        taken: list[tuple[bytes, bytes]] = []
        made, wire = session(taken)
        for begin in range(0, len(PIPELINED), size):
            made.data_received(PIPELINED[begin : begin + size])
        assert taken == [(b"b@example.com", b"Subject: one\r\n\r\n..dots\r\n"), (b"c@example.com", b"\r\ntwo\r\n")]
        assert wire.written.count(b"250 2.0.0 Ok") == 6
        assert wire.written.count(b"354") == 2


def test_kept_mails_are_as_they_were_before_their_dots_were_doubled(tmp_path: Path) -> None:
    count = Count(tmp_path)
    count(b"b@example.com", b"Subject: one\r\n\r\n..dots\r\n")
    assert count.mails == 1
    assert [path.name for path in tmp_path.iterdir()] == ["0.eml"]
    assert (tmp_path / "0.eml").read_bytes() == b"b@example.com\r\nSubject: one\r\n\r\n.dots\r\n"


def test_the_sink_counts_what_arrives_and_is_gone_afterwards(tmp_path: Path) -> None:
    with sink(tmp_path / "log", keep=tmp_path) as server:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            for number in range(3):
                client.sendmail("a@example.com", f"b{number}@example.com", "Subject: hello\r\n\r\n.text")
        server.wait_for(3, 10)
        assert server.count == 3
    assert sorted(path.read_bytes().split(b"\r\n")[0] for path in tmp_path.glob("*.eml")) == [
        b"b0@example.com",
        b"b1@example.com",
        b"b2@example.com",
    ]
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", server.port)) != 0
