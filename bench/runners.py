"""What the mail benchmark asks of a contender: to be ready, and then to go on one word."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from bench.place import Place
from bench.processes import Hand, Process

PATIENCE = 120  # seconds without any mail


class Runner(Protocol):
    """A contender that is warm and whose mails are queued.

    `processes`: its costs are theirs and of all below them. `queue_s`: how long it took to queue, or to decide.
    """

    @property
    def processes(self) -> list[Process]: ...

    @property
    def queue_s(self) -> float: ...

    def begin(self) -> None:
        """The word; the clock runs already."""

    def settle(self) -> None:
        """Wait until its own records say that every mail is sent. Called after the last one arrived."""


class Contender(Protocol):
    """`database`: PostgreSQL, SQLite or none. `workers` as whoever runs it counts; `processes` of theirs that send."""

    @property
    def name(self) -> str: ...

    @property
    def database(self) -> str: ...

    @property
    def workers(self) -> int: ...

    @property
    def processes(self) -> int: ...

    def ready(self, place: Place, count: int, warm: int) -> AbstractContextManager[Runner]:
        """Warm after `warm` mails, which are at the sink, with `count` more waiting for the word."""


@dataclass
class Commanded:
    """Begins, and settles where there is anything to settle, when its hand is told so."""

    processes: list[Process]
    queue_s: float
    hand: Hand
    begins: tuple[object, ...]
    settles: tuple[object, ...] = ()

    def begin(self) -> None:
        self.hand.do(*self.begins)

    def settle(self) -> None:
        if self.settles:
            self.hand.do(*self.settles)


@dataclass
class Commissioned:
    """One process does it all, and answers when it is through."""

    queue_s: float
    hand: Hand
    word: tuple[object, ...]

    @property
    def processes(self) -> list[Process]:
        return [self.hand.process]

    def begin(self) -> None:
        self.hand.tell(*self.word)

    def settle(self) -> None:
        self.hand.wait()


def told(contender: Contender) -> str:
    """A contender in words."""
    where = "no database" if contender.database == "none" else contender.database
    workers = f"{contender.workers} {'worker' if contender.workers == 1 else 'workers'}"
    return f"{contender.name}, {where}, {workers} of {contender.processes // contender.workers}"
