"""A session that is open, secured and signed in, with what the server said that it can do."""

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field

from deliveries.channels.email_url import SmtpServer


@dataclass(frozen=True)
class Account:
    """Whom we hand mail to, and as whom. Sessions of one account are as good as each other."""

    server: SmtpServer
    hello: str = "localhost"  # how we introduce ourselves; given: looking it up may hang on a name server
    context: ssl.SSLContext | None = field(default=None, repr=False)


@dataclass(eq=False)
class Session:
    """`seasoned`: it has carried messages or has idled, so that the server may end it for no message's fault."""

    sock: socket.socket  # never waits
    pipelining: bool = False
    utf8: bool = False
    eight_bit: bool = False
    unread: bytes = b""  # what came behind the last answer, which nobody has asked for
    seasoned: bool = False
    idle_since: float = 0.0  # of the monotonic clock

    def is_quiet(self) -> bool:
        """Whether the server has said nothing while it idled: not that it closes (421), nor the end itself."""
        try:
            self.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return not self.unread
        except OSError:
            return False
        return False

    def quit(self) -> None:
        """Take leave without waiting for an answer."""
        with suppress(OSError):
            self.sock.send(b"QUIT\r\n")
        self.sock.close()
