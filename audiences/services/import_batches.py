"""One batch of an import: rows read, checked, written, and every refusal with its line and column."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings

from audiences.csv_rows import BadRow, FileProblem, Row
from audiences.import_options import CUSTOMERS
from audiences.import_rows import Alike, CannotRead, Reader
from audiences.incoming import CustomerRow, EventRow, Refused
from audiences.models import Customer, Subscription, Topic
from audiences.rules.vocabulary import suggestion
from audiences.services.consent import SubscriptionRow, write_subscriptions
from audiences.services.customers import upsert_customers
from audiences.services.events import record_events
from audiences.services.locks import lock_shards, shard_of_customer


@dataclass(frozen=True)
class ErrorLine:
    """What the error file says about a line; never what stood in it. `kept`: a warning, the row was taken."""

    line: int
    column: str
    reason: str
    kept: bool = False


@dataclass
class Batch:
    """Counts of one batch. `read` counts every record, bad ones too."""

    read: int = 0
    written: int = 0
    unchanged: int = 0
    errors: list[ErrorLine] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return len({error.line for error in self.errors if not error.kept})


def write_batch(
    kind: str, reader: Reader, rows: Sequence[Row | BadRow], topics: Mapping[str, int], alike: Alike, now: datetime
) -> Batch:
    """Write one batch inside the caller's transaction. `alike` moves on."""
    batch = Batch(
        read=len(rows), errors=[ErrorLine(row.line, "", row.reason) for row in rows if isinstance(row, BadRow)]
    )
    good = [row for row in rows if isinstance(row, Row)]
    if kind == CUSTOMERS:
        _write_customers(reader, good, topics, batch, now)
    else:
        _write_events(reader, good, batch, alike, now)
    return batch


def _write_customers(
    reader: Reader, rows: Sequence[Row], topics: Mapping[str, int], batch: Batch, now: datetime
) -> None:
    lines: list[int] = []
    customers: list[CustomerRow] = []
    said: list[tuple[str, Mapping[tuple[str, str], bool]]] = []
    for row in rows:
        try:
            customer, consent = reader.customer(row.fields), reader.consent(row.fields)
        except CannotRead as error:
            batch.errors.append(ErrorLine(row.line, error.column, error.reason))
            continue
        customers.append(_with_known_zone(reader, customer, row.line, batch))
        lines.append(row.line)
        said.append((customer.external_id, consent))
    if reader.layout.consent:
        _lock_shards_of(each.external_id for each in customers)
    done = upsert_customers(customers, now)
    # Rows of one customer in one batch count once: the rest of them changed nothing more.
    batch.written = done.created + done.changed
    batch.unchanged = len(customers) - batch.written - len(done.refused)
    _tell(reader, done.refused, lines, batch)
    if reader.layout.consent:
        _write_consent(said, topics, now)


def _with_known_zone(reader: Reader, row: CustomerRow, line: int, batch: Batch) -> CustomerRow:
    if not reader.zone_is_unknown(row):
        return row
    reason = "is not a time zone; the row was kept without it, and the workspace's zone is used"
    batch.errors.append(ErrorLine(line, reader.layout.column_of("timezone"), reason, kept=True))
    return replace(row, timezone=None)


def _lock_shards_of(external_ids: Iterable[str]) -> None:
    """Shards before customers' rows, in the order that opt-outs and erasures take them."""
    ids = Customer.objects.filter(external_id__in=set(external_ids)).values_list("pk", flat=True)
    lock_shards(shard_of_customer(pk) for pk in ids)


def _write_consent(
    said: Iterable[tuple[str, Mapping[tuple[str, str], bool]]], topics: Mapping[str, int], now: datetime
) -> None:
    spoken = [(external_id, consent) for external_id, consent in said if consent]
    ids = dict(Customer.objects.filter(external_id__in={each for each, _ in spoken}).values_list("external_id", "pk"))
    rows = [
        SubscriptionRow(ids[external_id], topics[topic], channel, subscribed)
        for external_id, consent in spoken
        if external_id in ids
        for (topic, channel), subscribed in consent.items()
    ]
    # No further locks: the shards of those who were there are held, and those whom this batch made are nobody's yet.
    # Waiting for a shard after the rows would close a ring with another import that makes the same customers.
    write_subscriptions(rows, Subscription.Source.IMPORT, now)


def _write_events(reader: Reader, rows: Sequence[Row], batch: Batch, alike: Alike, now: datetime) -> None:
    lines: list[int] = []
    events: list[EventRow] = []
    for row in rows:
        try:
            events.append(reader.event(row.fields, alike))
            lines.append(row.line)
        except CannotRead as error:
            batch.errors.append(ErrorLine(row.line, error.column, error.reason))
    done = record_events(events, now, imported=True, create_customers=reader.options.create_customers)
    batch.written, batch.unchanged = done.created, done.repeated
    _tell(reader, done.refused, lines, batch)


def _tell(reader: Reader, refused: Iterable[Refused], lines: Sequence[int], batch: Batch) -> None:
    batch.errors += [
        ErrorLine(lines[each.index], reader.layout.column_of(problem.field), problem.message.rstrip("."))
        for each in refused
        for problem in each.problems
    ]
    batch.errors.sort(key=lambda error: error.line)


def topics_of(consent: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Topic slug -> id, for the consent columns of a file. Raises `FileProblem` for an unknown topic or channel."""
    known = dict(Topic.objects.values_list("slug", "pk"))
    for topic, channel in consent:
        column = f"consent:{topic}:{channel}"
        if topic not in known:
            raise FileProblem(f"There is no topic “{topic}” for {column}.{suggestion(topic, known)}")
        if channel not in settings.CHANNELS:
            raise FileProblem(f"There is no channel “{channel}” for {column}.{suggestion(channel, settings.CHANNELS)}")
    return known
