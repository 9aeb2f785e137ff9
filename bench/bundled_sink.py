"""The SMTP server used where postfix's `smtp-sink` is not installed, and where what arrived must be read: a process.

    python -m bench.bundled_sink PORT [FOLDER]

Speaks as much SMTP as a client needs, PIPELINING included, and throws the mails away, or writes each into FOLDER
with its recipient in a first line. Counts on standard output, in the words of `smtp-sink -c`.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

END = b"\r\n.\r\n"
GREETING = b"220 sink ESMTP\r\n"
EHLO = b"250-sink\r\n250-PIPELINING\r\n250-SIZE 33554432\r\n250 8BITMIME\r\n"
OK, GO_ON, BYE, WHAT = b"250 2.0.0 Ok\r\n", b"354 End with a dot\r\n", b"221 2.0.0 Bye\r\n", b"502 5.5.2 What?\r\n"
TOLD_EVERY = 0.01  # seconds
Taken = Callable[[bytes, bytes], None]


class Session(asyncio.Protocol):
    """One connection. What has arrived and is not used yet is in `_rest`."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._rest = b""
        self._in_data = False
        self._recipient = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type
        self._transport = transport
        transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        self._rest += data
        answers: list[bytes] = []
        while (answer := self._content() if self._in_data else self._command()) is not None:
            answers.append(answer)
        if answers:
            self._transport.write(b"".join(answers))
        if answers and answers[-1] is BYE:
            self._transport.close()

    def _content(self) -> bytes | None:
        end = self._rest.find(END)
        if end < 0:
            return None
        self._taken(self._recipient, self._rest[: end + 2])
        self._rest = self._rest[end + len(END) :]
        self._in_data = False
        return OK

    def _command(self) -> bytes | None:
        line, ended, rest = self._rest.partition(b"\r\n")
        if not ended:
            return None
        self._rest = rest
        verb = line[:4].upper()
        if verb == b"RCPT":
            self._recipient = line.partition(b"<")[2].partition(b">")[0]
        self._in_data = verb == b"DATA"
        return ANSWERS.get(verb, WHAT)


ANSWERS = {
    b"EHLO": EHLO,
    b"HELO": OK,
    b"MAIL": OK,
    b"RCPT": OK,
    b"DATA": GO_ON,
    b"RSET": OK,
    b"NOOP": OK,
    b"QUIT": BYE,
}


class Count:
    """How many mails there were; kept where there is a folder."""

    def __init__(self, folder: Path | None) -> None:
        self.mails = 0
        self._folder = folder

    def __call__(self, recipient: bytes, content: bytes) -> None:
        if self._folder:
            # The number first, so that whoever lists the folder sees a whole file under its final name.
            draft = self._folder / f".{self.mails}"
            draft.write_bytes(recipient + b"\r\n" + content.replace(b"\r\n..", b"\r\n."))
            draft.rename(self._folder / f"{self.mails}.eml")
        self.mails += 1


async def serve(port: int, count: Count) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Session(count), "127.0.0.1", port, backlog=512)
    told = -1
    async with server:
        while True:
            if told != count.mails:
                told = count.mails
                sys.stdout.write(f"mesg={told}\r")
                sys.stdout.flush()
            await asyncio.sleep(TOLD_EVERY)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Count(Path(sys.argv[2]) if sys.argv[2:] else None)))
