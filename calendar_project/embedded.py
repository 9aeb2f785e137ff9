"""Almanac in one process: web server, Celery worker and beat, on the in-memory broker.

The main thread is the web server's, because signals arrive there alone. Everything that stops in the middle is safe:
what was not done is a row, and the next start finds it.
"""

import signal
import socket
import threading
import warnings
from types import FrameType
from typing import Any

import uvicorn
from celery.apps.worker import Worker
from celery.beat import EmbeddedService
from celery.exceptions import SecurityWarning
from celery.worker import state as worker_state

from calendar_project.asgi import application
from calendar_project.celery import app

#: Tasks at a time. SQLite takes one writer at a time; but what may take seconds (a dispatch of each channel, a shard,
#: an import, segments, overlaps, plans) must never have all the hands that a triggered message needs.
TASKS_AT_ONCE = 10
#: How long a task that is under way may take to end, in seconds, before the process leaves without it.
PATIENCE = 5
# A worker alone has nobody to meet, gossip with or beat for.
ALONE = {"without_mingle": True, "without_gossip": True, "without_heartbeat": True}


class Hands(threading.Thread):
    """The Celery worker, in a thread. Celery installs no signal handlers outside the main thread."""

    def __init__(self) -> None:
        super().__init__(name="worker", daemon=True)
        with warnings.catch_warnings(action="ignore", category=SecurityWarning):
            # It warns when root runs it, for fear of pickles from a broker; this broker is our own memory.
            self.worker: Any = Worker(
                app=app, pool="threads", concurrency=TASKS_AT_ONCE, quiet=True, hostname="embedded", **ALONE
            )

    def run(self) -> None:
        self.worker.start()

    def stop(self) -> bool:
        """Whether it came to rest. The worker looks at this flag between two messages."""
        worker_state.should_stop = 0  # type: ignore[assignment]  # the stubs know None alone; 0 is "stop, all well"
        self.join(PATIENCE)
        return not self.is_alive()


def serve(listener: socket.socket) -> bool:
    """Run until SIGINT or SIGTERM. Whether everything came to rest in time.

    1. Our handlers go in first. A signal before the web server has put its own over them is not lost, and afterwards
       uvicorn raises it again for ours.
    2. Web first to end, so that nobody queues a task that no one will take; then beat, then the worker.
    """
    web = _web_server()

    def end(number: int, frame: FrameType | None) -> None:
        web.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    hands = Hands()
    beat: Any = EmbeddedService(app, thread=True, scheduler_cls=app.conf.beat_scheduler)
    hands.start()
    beat.start()
    try:
        web.run(sockets=[listener])
    finally:
        beat.service.stop(wait=False)
        rested = hands.stop()
        beat.join(PATIENCE)
    return rested and not beat.is_alive()


def _web_server() -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            application,
            lifespan="off",
            log_config=None,
            access_log=False,
            # An open page must not hold up the end.
            timeout_graceful_shutdown=2,
        )
    )


def listen(port: int) -> socket.socket:
    """The web server's socket, on this machine alone. Raises OSError when the port is taken."""
    return socket.create_server(("127.0.0.1", port))
