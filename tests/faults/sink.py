"""A mail server that counts, in a process of its own: `python -m tests.faults.sink LOG RATE SEED`.

Each mail is written down the moment its final dot is read, before it is answered: what the log has, has arrived,
whatever becomes of either side. RATE: answers a second over all connections, 0 for as fast as it can. SEED, where it
is given, makes it flaky, in the way that `fate` says. Prints its port.
"""

import asyncio
import os
import random
import re
import sys
import time
from collections.abc import Callable

HOST, LIMIT = "127.0.0.1", 1 << 22
REPLIES = {b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME", b"HELO": b"250 sink", b"RSET": b"250 OK"}
MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
# Parts of a thousand, and what happens to them. All but the unknown are taken like any other when they come again.
FATES = {"later": 50, "unknown": 10, "dropped_untaken": 10, "dropped_taken": 10, "hung": 5}


def fate(seed: str, recipient: str) -> str:
    """What happens to the first mail to this address; empty: it is taken."""
    number = random.Random(f"{seed} {recipient}").randrange(1000)
    for name, parts in FATES.items():
        if number < parts:
            return name
        number -= parts
    return ""


class Sink:
    def __init__(self, log: str, rate: float, seed: str) -> None:
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.between, self.next = 1 / rate if rate else 0.0, 0.0
        self.seed, self.met = seed, set[str]()

    def note(self, what: str, recipient: str, message_id: str = "-") -> None:
        os.write(self.log, f"{time.monotonic():.6f} {what} {recipient} {message_id}\n".encode())

    def fate_of(self, recipient: str) -> str:
        if not self.seed:
            return ""
        found = fate(self.seed, recipient)
        if recipient in self.met and found != "unknown":
            return ""
        self.met.add(recipient)
        return found

    async def turn(self) -> None:
        """Wait until the rate allows one more answer."""
        now = time.monotonic()
        self.next = max(now, self.next + self.between)
        if self.next > now:
            await asyncio.sleep(self.next - now)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await Session(self, reader, writer).run()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # its client was killed
        finally:
            writer.close()


class Session:
    """One connection. Commands that came together are answered in their order, so PIPELINING needs nothing more."""

    def __init__(self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sink, self.reader, self.writer = sink, reader, writer
        self.recipient, self.fate, self.is_open = "", "", True
        self.commands: dict[bytes, Callable[[bytes], bytes]] = {b"MAIL": self.mail, b"RCPT": self.rcpt}

    async def run(self) -> None:
        self.answer(b"220 sink")
        while self.is_open and (line := await self.reader.readline()):
            verb = line[:4].upper()
            if verb == b"DATA":
                await self.data()
            elif verb == b"QUIT":
                self.is_open = False
                self.answer(b"221 bye")
            elif verb in self.commands:
                self.answer(self.commands[verb](line))
            else:
                self.answer(REPLIES.get(verb, b"250 OK"))

    def answer(self, text: bytes) -> None:
        self.writer.write(text + b"\r\n")

    def mail(self, line: bytes) -> bytes:
        self.recipient = ""
        return b"250 OK"

    def rcpt(self, line: bytes) -> bytes:
        recipient = line.partition(b"<")[2].partition(b">")[0].decode()
        self.fate = self.sink.fate_of(recipient)
        if self.fate in ("later", "unknown"):
            self.sink.note(self.fate, recipient)
            return b"451 4.7.1 come back later" if self.fate == "later" else b"550 5.1.1 nobody of that name"
        self.recipient = recipient
        return b"250 OK"

    async def data(self) -> None:
        if not self.recipient:
            return self.answer(b"554 5.5.1 no valid recipients")
        self.answer(b"354 go on")
        content = await self.reader.readuntil(b"\r\n.\r\n")
        found = MESSAGE_ID.search(content)
        return await self.taken(found[1].decode() if found else "-")

    async def taken(self, message_id: str) -> None:
        if self.fate not in ("dropped_untaken", "hung"):
            self.sink.note("taken", self.recipient, message_id)
        if self.fate:
            self.sink.note(self.fate, self.recipient, message_id)
        await self.sink.turn()
        if self.fate == "hung":
            await self.reader.read()
        self.is_open = not self.fate
        if self.is_open:
            self.answer(b"250 2.0.0 taken")


async def main(log: str, rate: str, seed: str) -> None:
    sink = Sink(log, float(rate), seed)
    server = await asyncio.start_server(sink.serve, HOST, 0, limit=LIMIT, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how it is told where to connect
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
