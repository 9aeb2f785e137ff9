"""An open import file with all that is needed to understand its rows, batch by batch."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from audiences.csv_rows import BadRow, Row, Rows
from audiences.import_options import ImportOptions, Layout, lay_out
from audiences.import_rows import Alike, Reader
from audiences.models import Workspace
from audiences.services.import_batches import Batch, topics_of, write_batch
from audiences.zones import zone_or

BATCH = 2_000
Clock = Callable[[], datetime]
Progress = Callable[[int, int], None]  # rows read, rows there are


def check_file(file: BinaryIO, kind: str, options: ImportOptions) -> Layout:
    """How the columns will be read. Raises `FileProblem`. The file stands at its beginning again."""
    file.seek(0)
    layout = lay_out(kind, Rows(file, options.delimiter, options.header).columns, options)
    topics_of(layout.consent)
    file.seek(0)
    return layout


@dataclass
class Reading:
    """An open file with all that is needed to understand its rows."""

    kind: str
    rows: Iterator[Row | BadRow]
    reader: Reader
    topics: dict[str, int]

    @classmethod
    def of(cls, file: BinaryIO, kind: str, options: ImportOptions) -> "Reading":
        rows = Rows(file, options.delimiter, options.header)
        layout = lay_out(kind, rows.columns, options)
        zone = zone_or(Workspace.current().timezone, "UTC")
        return cls(kind, iter(rows), Reader(layout, options, zone), topics_of(layout.consent))

    def batches(self, start: int = 0) -> Iterator[list[Row | BadRow]]:
        rest = islice(self.rows, start, None)
        while batch := list(islice(rest, BATCH)):
            yield batch

    def write(self, rows: Sequence[Row | BadRow], alike: Alike, now: datetime) -> Batch:
        return write_batch(self.kind, self.reader, rows, self.topics, alike, now)
