"""A server that plays a script: what a real one does only on its worst days, at the moment that the test wants."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

HANG, DROP = "hang", "drop"
LINES = {
    "greeting": "220 ready",
    "EHLO": "250-sink\r\n250 ENHANCEDSTATUSCODES",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "dot": "250 2.0.0 taken",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


@dataclass
class ScriptedServer:
    """Each answer comes from `script[phase]`, one after the other, the last again and again; else the usual one.

    An answer may be `HANG` (say nothing more) or `DROP` (close). `received` holds every message whose dot arrived.
    """

    port: int = 0
    script: dict[str, list[str]] = field(default_factory=dict)
    received: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    sessions: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def answer(self, phase: str) -> str:
        answers = self.script.get(phase)
        if not answers:
            return LINES[phase]
        return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def scripted_server(**script: list[str] | str) -> Iterator[ScriptedServer]:
    """A server on a free port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = ScriptedServer(port=listening.getsockname()[1])
    server.script = {phase: [given] if isinstance(given, str) else given for phase, given in script.items()}
    accepting = threading.Thread(target=_accept, args=(listening, server), daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        server.over.set()
        accepting.join()
        listening.close()


def _accept(listening: socket.socket, server: ScriptedServer) -> None:
    listening.settimeout(0.05)
    while not server.over.is_set():
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            continue
        server.sessions += 1
        threading.Thread(target=_talk, args=(connection, server), daemon=True).start()


def _talk(connection: socket.socket, server: ScriptedServer) -> None:
    connection.settimeout(10)
    with connection, connection.makefile("rb") as lines:
        try:
            if not _say(connection, server, "greeting"):
                return
            while line := lines.readline():
                command = line.decode().split()[0].upper()
                server.commands.append(line.decode().strip())
                if not _say(connection, server, command if command in LINES else "RSET"):
                    return
                if command == "DATA" and not _take_text(connection, lines, server):
                    return
                if command == "QUIT":
                    return
        except OSError:
            return


def _take_text(connection: socket.socket, lines: object, server: ScriptedServer) -> bool:
    text = bytearray()
    if server.script.get("body") == [DROP]:
        return False
    if server.script.get("DATA") and server.script["DATA"][0] != LINES["DATA"]:
        return True
    while (line := lines.readline()) != b".\r\n":  # type: ignore[attr-defined]
        if not line:
            return False
        text += line
    server.received.append(bytes(text))
    return _say(connection, server, "dot")


def _say(connection: socket.socket, server: ScriptedServer, phase: str) -> bool:
    """Whether the dialogue goes on."""
    answer = server.answer(phase)
    if answer == HANG:
        server.over.wait(5)
        return False
    if answer == DROP:
        return False
    connection.sendall(answer.encode() + b"\r\n")
    if answer.startswith("421"):
        time.sleep(0.01)
        return False
    return True
