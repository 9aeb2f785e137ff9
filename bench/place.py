"""Where a run happens: one folder, one sink, one PostgreSQL, one Redis, the same for every contender."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.servers import PostgreSQL, Redis, postgresql, redis_server
from bench.sink import Sink, sink


@dataclass(frozen=True)
class Place:
    """`log` is where every process writes what it has to say."""

    folder: Path
    sink: Sink
    postgresql: PostgreSQL
    redis: Redis

    @property
    def log(self) -> Path:
        return self.folder / "processes.log"

    def empty_database(self, kind: str, name: str) -> str:
        """The URL of a new database, with nothing in it."""
        if kind == "PostgreSQL":
            return self.postgresql.fresh(name)
        for path in self.folder.glob(f"{name}.sqlite3*"):
            path.unlink()
        return f"sqlite:///{self.folder / name}.sqlite3"

    def come_to_rest(self, kind: str, url: str) -> None:
        """See `PostgreSQL.come_to_rest`; the others have nothing to settle."""
        if kind == "PostgreSQL":
            self.postgresql.come_to_rest(url)


@contextmanager
def place(folder: Path, keep: Path | None = None) -> Iterator[Place]:
    """Everything started, in a new folder, and gone at the end. `keep`: the sink writes what it takes there."""
    folder.mkdir()
    with ExitStack() as stack:
        yield Place(
            folder,
            stack.enter_context(sink(folder / "sink.log", keep)),
            stack.enter_context(postgresql(folder)),
            stack.enter_context(redis_server(folder)),
        )
