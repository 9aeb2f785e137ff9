"""A socket that never waits: what cannot be written yet is kept, what has come is handed over."""

import selectors
import socket
import ssl
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

BOTH = EVENT_READ | EVENT_WRITE
QUICK = getattr(socket, "TCP_QUICKACK", None)  # Linux has it
#: More than a TLS record holds (16,384), so that none is left half read where the selector cannot see it.
AT_ONCE = 65_536
#: The TLS layer says nothing of what it has written until all is. So that a text is seen to go on, it gets it piece by
#: piece: a record each.
RECORD = 16_384


class Broken(Exception):
    """The connection is lost; the text says how. Not an `OSError`, which would hide one of the caller's own."""


class Line:
    """`unsent` is what the kernel has not taken yet."""

    def __init__(self, sock: socket.socket, selector: selectors.BaseSelector, owner: Any) -> None:
        self.unsent: bytes | memoryview = b""
        self._broken: Broken | None = None
        self._sock = sock
        self._selector = selector
        self._owner = owner
        self._watched = EVENT_READ
        selector.register(sock, EVENT_READ, owner)

    def check(self) -> None:
        """Raise `Broken` if a write has failed: nothing can be written any more."""
        if self._broken is not None:
            raise self._broken

    def write(self, data: bytes = b"") -> None:
        """Hand over `data`, or what of it the kernel takes; without any, go on with what was left."""
        self.check()
        if data:
            self.unsent = bytes(self.unsent) + data if self.unsent else data
        wanted = self._flush()
        if wanted != self._watched:
            self._watch(wanted)

    def read(self) -> bytes | None:
        """What has come; `None` if nothing has, empty if nothing ever will."""
        try:
            return self._sock.recv(AT_ONCE)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except ssl.SSLWantWriteError:
            self._watch(BOTH)
            return None
        except OSError as error:
            raise Broken(f"{type(error).__name__}: {error}") from error

    def hurry(self) -> None:
        """Acknowledge at once: a server that writes each answer by itself waits for that, up to 40 ms an answer."""
        if QUICK is not None:
            with suppress(OSError):
                self._sock.setsockopt(socket.IPPROTO_TCP, QUICK, 1)

    def release(self) -> None:
        """The socket stays open and is watched no more."""
        self._selector.unregister(self._sock)

    def close(self) -> None:
        self.release()
        self._sock.close()

    def _flush(self) -> int:
        """Returns the events to wait for. `unsent` is true at every moment, in the middle of an error too."""
        try:
            while self.unsent:
                sent = self._sock.send(self.unsent[:RECORD])
                self.unsent = b"" if sent == len(self.unsent) else memoryview(self.unsent)[sent:]
        except (BlockingIOError, ssl.SSLWantWriteError):
            return BOTH
        except ssl.SSLWantReadError:
            return EVENT_READ  # the TLS layer must hear something first
        except OSError as error:
            self._broken = Broken(f"{type(error).__name__}: {error}")
            raise self._broken from error
        return EVENT_READ

    def _watch(self, events: int) -> None:
        self._watched = events
        self._selector.modify(self._sock, events, self._owner)
