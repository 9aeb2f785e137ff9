"""A server that plays a script: what a real one does only on its worst days, at the moment that the test wants."""

import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HANG, DROP = "hang", "drop"
LINES = {
    "greeting": "220 ready",
    "HELO": "250 sink",
    "STARTTLS": "220 go on",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "dot": "250 2.0.0 taken",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}
Script = Mapping[str, str | list[str]]
_NUMBER = re.compile(rb"^Number: (\d+)\r$", re.M)


@dataclass
class ScriptedServer:
    """Each answer comes from `script[phase]`, one after the other, the last again and again; else the usual one.

    An answer may be `HANG` (say nothing more) or `DROP` (close). `received` holds every text whose dot arrived,
    `refused` those of them that were answered with 4xx or 5xx: of the rest nobody can say that they have not left.
    """

    script: dict[str, list[str]] = field(default_factory=dict)
    offers: tuple[str, ...] = ()  # what EHLO lists
    implicit_tls: ssl.SSLContext | None = None
    starttls: ssl.SSLContext | None = None
    bytewise: bool = False  # answers come one byte at a time
    drips: str = ""  # the phase whose answers come at ten bytes a second
    pace: int = 0  # bytes of a text a second, all of them at once where it is 0
    limit: int = 0  # so many messages a session and no more
    stubborn: bool = False  # DATA is accepted although nobody was
    port: int = 0
    received: list[bytes] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    sessions: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, phase: str) -> str:
        with self.lock:
            answers = self.script.get(phase)
            if not answers:
                return (
                    LINES.get(phase) or "\r\n".join(f"250-{word}" for word in ("sink", *self.offers)) + "\r\n250 HELP"
                )
            return answers.pop(0) if len(answers) > 1 else answers[0]

    @property
    def received_numbers(self) -> list[int]:
        return numbers(self.received)

    @property
    def refused_numbers(self) -> list[int]:
        return numbers(self.refused)


def numbers(texts: list[bytes]) -> list[int]:
    """The `Number:` headers, in order."""
    return [int(found[1]) for text in texts if (found := _NUMBER.search(text))]


@contextmanager
def scripted_server(
    *, pipelining: bool = False, script: Script | None = None, **given: Any
) -> Iterator[ScriptedServer]:
    """A server on a free port of this machine. `given`: phases with their answers, and fields of `ScriptedServer`."""
    listening = socket.create_server(("127.0.0.1", 0))
    if given.get("pace"):
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)  # those that it accepts have the same
    fields = {name: value for name, value in given.items() if name in ScriptedServer.__dataclass_fields__}
    phases = {**(script or {}), **{name: value for name, value in given.items() if name not in fields}}
    server = ScriptedServer(**fields)
    server.port = listening.getsockname()[1]
    server.offers += ("PIPELINING",) if pipelining else ()
    server.script = {name: list(said) if isinstance(said, list) else [str(said)] for name, said in phases.items()}
    accepting = threading.Thread(target=_accept, args=(listening, server), daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        server.over.set()
        accepting.join()
        listening.close()


def _accept(listening: socket.socket, server: ScriptedServer) -> None:
    listening.settimeout(0.005)
    talks: list[threading.Thread] = []
    while not server.over.is_set():
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            continue
        server.sessions += 1
        talks.append(threading.Thread(target=_talk, args=(connection, server), daemon=True))
        talks[-1].start()
    for talk in talks:
        talk.join()


def _talk(connection: socket.socket, server: ScriptedServer) -> None:
    # Short waits, so that the end of the test is noticed; `_Talk` begins them again.
    with suppress(OSError), connection:
        if server.implicit_tls is not None:
            connection.settimeout(5)
            connection = server.implicit_tls.wrap_socket(connection, server_side=True)
        with connection:
            _Talk(connection, server).run()


class _Talk:
    """One session."""

    def __init__(self, connection: socket.socket, server: ScriptedServer) -> None:
        self.connection, self.server = connection, server
        connection.settimeout(0.005)
        self.buffer, self.answers = bytearray(), bytearray()
        self.has_sender = self.has_recipient = self.is_slow = False
        self.taken = 0

    def run(self) -> None:
        goes_on = self.say("greeting")
        while goes_on and (line := self.line()):
            self.server.commands.append(line.decode().strip())
            goes_on = self.command(line.decode().partition(" ")[0].strip().upper())
        self.flush()

    def command(self, name: str) -> bool:
        """Whether the dialogue goes on."""
        if name == "MAIL" and self.taken == self.server.limit > 0:
            return self.put("421 4.7.0 too many messages")
        if name == "RCPT" and not self.has_sender:
            return self.put("503 5.5.1 nested")
        if name == "DATA":
            return self.data()
        if name == "STARTTLS":
            return self.start_tls()
        if name in ("MAIL", "RSET"):
            self.has_sender = self.has_recipient = False
        answer = self.server.answer(name if name in LINES or name == "EHLO" else "RSET")
        self.has_sender |= name == "MAIL" and answer.startswith("2")
        self.has_recipient |= name == "RCPT" and answer.startswith("2")
        return self.put(answer, 0.1 if name == self.server.drips else 0) and name != "QUIT"

    def data(self) -> bool:
        if not (self.has_recipient or self.server.stubborn):
            return self.put("554 5.5.1 no valid recipients")
        answer = self.server.answer("DATA")
        if not self.put(answer) or self.server.script.get("body") == [DROP]:
            return False
        return not answer.startswith("354") or self.text()

    def text(self) -> bool:
        text = bytearray()
        self.is_slow = self.server.pace > 0
        while (line := self.line()) != b".\r\n":
            if not line:
                return False
            text += line
        self.is_slow = False
        # Before it is answered: who hears the answer must find it here.
        with self.server.lock:
            self.server.received.append(bytes(text))
        self.has_sender = self.has_recipient = False
        self.taken += 1
        if not text:
            return self.put("554 5.5.1 no valid recipients")
        answer = self.server.answer("dot")
        if answer[:1] in ("4", "5"):
            with self.server.lock:
                self.server.refused.append(bytes(text))
        return self.put(answer)

    def start_tls(self) -> bool:
        answer = self.server.answer("STARTTLS")
        if not self.put(answer) or self.server.starttls is None:
            return not answer.startswith("220")
        self.flush()
        self.connection.settimeout(5)
        self.connection = self.server.starttls.wrap_socket(self.connection, server_side=True)
        self.connection.settimeout(0.005)
        return True

    def say(self, phase: str) -> bool:
        return self.put(self.server.answer(phase), 0.1 if phase == self.server.drips else 0)

    def put(self, answer: str, drip: float = 0) -> bool:
        if answer in (HANG, DROP):
            self.flush()
            if answer == HANG:
                self.server.over.wait(10)
            return False
        self.answers += answer.encode() + b"\r\n"
        if pause := drip or (0.0002 if self.server.bytewise else 0):
            self.flush(pause)
        if answer.startswith("421"):
            self.flush()
            time.sleep(0.01)
            return False
        return True

    def flush(self, pause: float = 0) -> None:
        """As servers do: answers to what came in one piece go in one piece, unless each byte is to go by itself."""
        data, self.answers = bytes(self.answers), bytearray()
        for piece in [data[i : i + 1] for i in range(len(data))] if pause else [data] if data else []:
            self.connection.sendall(piece)
            time.sleep(pause)

    def line(self) -> bytes:
        """The next line; empty at the end."""
        while (end := self.buffer.find(b"\n") + 1) == 0:
            self.flush()
            try:
                data = self.connection.recv(self.server.pace // 50 if self.is_slow else 65_536)
            except TimeoutError:
                if self.server.over.is_set():
                    return b""
                continue
            if not data:
                return b""
            self.buffer += data
            if self.is_slow:
                self.server.over.wait(0.02)
        line = bytes(self.buffer[:end])
        del self.buffer[:end]
        return line


def tls_contexts(cert: str, key: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's, and the client's that trusts it."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(cert, key)
    return server, ssl.create_default_context(cafile=cert)


def certificate_in(folder: Path) -> tuple[Path, Path]:
    """A certificate for `localhost`, signed by itself, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key
