"""One connection to PostgreSQL through the proxy: messages pass both ways, until the answer to a COMMIT is lost.

Messages of the protocol (version 3): one byte of kind, four of length (which counts itself), the body. The first one of
a connection has no kind. https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import asyncio
import re
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple

# What somebody asks before they introduce themselves: may we speak TLS, or GSS? "N": no.
ENCRYPTION_REQUESTS = {80877103, 80877104}
WRITES = re.compile(rb"\s*(INSERT|UPDATE|DELETE|MERGE|WITH\b.*\b(INSERT|UPDATE|DELETE)\b)", re.IGNORECASE | re.DOTALL)


class Loss(StrEnum):
    """What becomes of a COMMIT whose answer never arrives."""

    UNSENT = "unsent"  # it is lost itself: the server rolls back
    UNHEARD = "unheard"  # done, and the answer is lost
    RACING = "racing"  # on its way: done while the client tries again already


class Side(NamedTuple):
    """Whom we hear and whom we tell: the client, or the server."""

    hear: StreamReader
    tell: StreamWriter


class Session:
    """`next_loss` is asked at every commit."""

    def __init__(self, client: Side, server: Side, next_loss: Callable[[], Loss | None]) -> None:
        self.client, self.server, self.next_loss = client, server, next_loss
        self.is_idle, self.is_deaf = True, False

    async def run(self) -> None:
        """Until either side, or we, have had enough."""
        with suppress(IncompleteReadError, ConnectionError):
            await self._introduce()
        ways = [asyncio.ensure_future(way) for way in (self._from_client(), self._from_server())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _introduce(self) -> None:
        while True:
            size = await self.client.hear.readexactly(4)
            body = await self.client.hear.readexactly(int.from_bytes(size) - 4)
            if int.from_bytes(body[:4]) not in ENCRYPTION_REQUESTS:
                self.server.tell.write(size + body)
                return
            self.client.tell.write(b"N")

    async def _from_client(self) -> None:
        while True:
            kind, size, body = await _message(self.client.hear)
            loss = self.next_loss() if self._commits(kind, body) else None
            if loss is Loss.UNSENT:
                return
            self.is_deaf = loss is Loss.UNHEARD
            self.server.tell.write(kind + size + body)
            await self.server.tell.drain()
            if loss is Loss.RACING:
                return

    def _commits(self, kind: bytes, body: bytes) -> bool:
        """COMMIT, or a statement that is a transaction of its own."""
        if kind not in (b"Q", b"P"):
            return False
        statement = body if kind == b"Q" else body.partition(b"\0")[2]
        return statement.startswith(b"COMMIT") or (self.is_idle and WRITES.match(statement) is not None)

    async def _from_server(self) -> None:
        while True:
            kind, size, body = await _message(self.server.hear)
            is_ready = kind == b"Z"
            if self.is_deaf and is_ready:
                return
            if is_ready:
                self.is_idle = body == b"I"
            if not self.is_deaf:
                self.client.tell.write(kind + size + body)
                await self.client.tell.drain()


async def _message(reader: StreamReader) -> tuple[bytes, bytes, bytes]:
    kind, size = await reader.readexactly(1), await reader.readexactly(4)
    return kind, size, await reader.readexactly(int.from_bytes(size) - 4)
