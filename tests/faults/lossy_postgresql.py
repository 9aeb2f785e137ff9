"""A PostgreSQL that loses answers: a proxy that cuts the connection at a COMMIT, below the driver and Django."""

import asyncio
import threading
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection

from tests.faults.lossy_session import Loss, Session, Side


class LossyPostgresql:
    """`commits` counts them all; `lost` counts what became of those whose answer was lost."""

    def __init__(self, host: str, port: str) -> None:
        self.host, self.server_port = host, port or "5432"
        self.commits = 0
        self.lost: Counter[Loss] = Counter()
        self._losses: dict[int, Loss] = {}
        self._sessions: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lossy-postgresql")

    def lose(self, losses: Mapping[int, Loss]) -> None:
        """Of the commits from now on, counted from 1, lose the answers to these, and to no others."""
        self._losses = {self.commits + number: loss for number, loss in losses.items()}

    def start(self) -> int:
        """The port that it listens on."""
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._accept, "127.0.0.1", 0))
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def stop(self) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _next_loss(self) -> Loss | None:
        self.commits += 1
        loss = self._losses.pop(self.commits, None)
        if loss:
            self.lost[loss] += 1
        return loss

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _end(self) -> None:
        self._server.close()
        for task in self._sessions:
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(Side(reader, writer)))
        self._sessions.add(task)
        task.add_done_callback(self._sessions.discard)

    async def _serve(self, client: Side) -> None:
        if self.host.startswith("/"):
            server = Side(*await asyncio.open_unix_connection(f"{self.host}/.s.PGSQL.{self.server_port}"))
        else:
            server = Side(*await asyncio.open_connection(self.host, int(self.server_port)))
        try:
            await Session(client, server, self._next_loss).run()
        finally:
            client.tell.close()
            server.tell.close()


@contextmanager
def lossy_postgresql() -> Iterator[LossyPostgresql]:
    """Every connection that is opened inside the block, in whichever thread, goes through the proxy."""
    settings, options = connection.settings_dict, connection.settings_dict["OPTIONS"]
    proxy = LossyPostgresql(options.get("host") or settings["HOST"], str(settings["PORT"]))
    before = {"HOST": settings["HOST"], "PORT": settings["PORT"], "OPTIONS": options}
    connection.close()
    direct = {name: value for name, value in options.items() if name != "host"}
    settings.update(HOST="127.0.0.1", PORT=proxy.start(), OPTIONS=direct)
    try:
        yield proxy
    finally:
        connection.close()
        settings.update(before)
        proxy.stop()
