"""The flight recorder: a file of the worker's own that says how far each message came. A write survives `kill -9`.

    window <token> <id> ...   these rows are being marked with this lease token
    taken <id>                in hand: being rendered, or waiting for its turn on a connection
    leaving <id>              its point of no return comes next
    ended <id> <json>         answered, and how; or held back

The file is held under `flock` as long as its worker lives. Whoever gets that lock knows that the worker is dead and can
say of every row of its windows what became of it. It must lie on a local disk. What was written before the machine
itself went down may be lost: the first line names the boot, and a file of an earlier one is not believed.
"""

import fcntl
import json
import logging
import mmap
import os
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)
SUFFIX = ".flight"
ROOM = 1 << 18  # bytes: some five thousand messages; more is taken when it is needed
UNKNOWN = "unknown"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class FlightRecorder:
    """Written by one worker, through memory that is the file's: no system call a line, and it survives the process.

    `ended` may be lost with the process where it comes between two other lines; that is one answer a connection.
    """

    def __init__(self, folder: Path) -> None:
        draft = folder / f".{uuid.uuid4().hex}"
        self.path = draft.with_name(draft.name[1:] + SUFFIX)
        self._file = -1
        self._map: mmap.mmap | None = None
        self._written = 0
        self._writing = threading.Lock()
        if boot_id() != UNKNOWN:
            try:
                self._open(draft)
            except OSError as problem:
                # No inode left, a folder of somebody else's, no locks there: the mail goes on without one.
                logger.error("no flight recorder can be written: %s", problem.strerror)
                with suppress(OSError):
                    draft.unlink(missing_ok=True)
                self.abandon()

    def _open(self, draft: Path) -> None:
        draft.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        # Locked before anybody can find it by its name.
        fcntl.flock(self._file, fcntl.LOCK_EX)
        draft.rename(self.path)
        self._grow()
        self._write(f"boot {boot_id()}\n".encode())

    def window(self, token: str, ids: Iterable[int]) -> None:
        """Before the marks are committed: a row that is marked and named nowhere could only be guessed at.

        May be called on another thread than the rest.
        """
        self._write(f"window {token} {' '.join(map(str, ids))}\n".encode())

    def taken(self, delivery_id: int) -> None:
        self._write(b"taken %d\n" % delivery_id)

    def leaving(self, delivery_id: int) -> None:
        self._write(b"leaving %d\n" % delivery_id)

    def ended(self, delivery_id: int, how: Mapping[str, Any]) -> None:
        """`how`: what a `Flight` shall give back; empty stands for the usual, accepted."""
        self._write(b"ended %d %s\n" % (delivery_id, json.dumps(how).encode() if how else b"{}"))

    def close(self) -> None:
        """Everything is in the ledger: the file goes. Where it cannot, it is settled again, which changes nothing."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        self.abandon()

    def abandon(self) -> None:
        """Let go of the file as it is: whoever finds it settles what is in it. Safe to call twice."""
        self._map = None
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, line: bytes) -> None:
        """A line that a kill cuts off holds a zero byte somewhere: to a reader it never happened."""
        with self._writing:
            end = self._written + len(line)
            while self._map is not None and end > len(self._map):
                self._grow()
            if self._map is not None:
                self._map[self._written : end] = line
                self._written = end

    def _grow(self) -> None:
        """Twice the room, taken on the disk at once: a full disk is told of here and not in the middle of a line."""
        size = 2 * len(self._map) if self._map is not None else ROOM
        try:
            os.posix_fallocate(self._file, 0, size)
            self._map = mmap.mmap(self._file, size)
        except OSError as problem:
            # A file that misses a line would lie. Without one, a kill leaves a window in doubt, which is the truth.
            logger.error("the flight recorder is given up: %s", problem.strerror)
            self.close()


@dataclass
class Flight:
    """What a file says of the rows that were marked with one token."""

    token: str
    ids: set[int]
    taken: set[int] = field(default_factory=set)
    leaving: set[int] = field(default_factory=set)
    ended: dict[int, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Abandoned:
    """The file of a dead worker, locked by us while we settle it."""

    path: Path
    flights: Sequence[Flight]
    written_at: datetime  # about when its worker wrote last, by the clock of this machine

    def remove(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
        except OSError as problem:
            logger.error("the flight recorder %s cannot be removed: %s", self.path.name, problem.strerror)


def abandoned(folder: Path) -> Iterator[Abandoned]:
    """Every file whose worker is dead, each locked until the next one is asked for."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Somebody may have settled it between our opening and our lock.
                if path.exists():
                    written_at = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
                    yield Abandoned(path, _believed(path, file.read()), written_at)
        except (FileNotFoundError, BlockingIOError):
            continue
        except OSError as problem:
            # Another user's, or no locks there: its rows wait for their lease, and nobody is stopped by it.
            logger.error("the flight recorder %s cannot be opened: %s", path.name, problem.strerror)


def boot_id() -> str:
    """Which boot of the machine this is. Where that cannot be told (not Linux), no recorder is written."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return UNKNOWN


def _believed(path: Path, data: bytes) -> list[Flight]:
    try:
        return _read(data)
    except (LookupError, ValueError):
        # Its rows are settled when their lease runs out. Nobody must be stopped by it again and again.
        logger.exception("the flight recorder %s cannot be read", path.name)
        return []


def _read(data: bytes) -> list[Flight]:
    """What the file says; nothing where it is of another boot. A last line that was cut off never happened."""
    lines = data.split(b"\0", 1)[0].decode("utf-8", "replace").split("\n")[:-1]
    if not lines or lines[0] != f"boot {boot_id()}":
        return []
    flights: dict[str, Flight] = {}
    flight_of: dict[int, Flight] = {}
    for line in lines[1:]:
        word, subject, rest = (*line.split(" ", 2), "", "")[:3]
        if word == "window":
            flight = flights.setdefault(subject, Flight(subject, set()))
            flight.ids.update(map(int, rest.split()))
            # A row that was put back and taken again in the same dispatch belongs to its latest window.
            flight_of.update(dict.fromkeys(flight.ids, flight))
        else:
            _note(flight_of[int(subject)], word, int(subject), rest)
    return list(flights.values())


def _note(flight: Flight, word: str, delivery_id: int, rest: str) -> None:
    if word == "ended":
        flight.ended[delivery_id] = json.loads(rest)
    elif word == "leaving":
        flight.leaving.add(delivery_id)
    else:
        flight.taken.add(delivery_id)
