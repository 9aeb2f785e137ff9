"""From the fields of a line to a customer or an event, or to a reason with its column. No Django in here."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from .import_options import ImportOptions, Layout
from .incoming import CustomerRow, EventRow
from .zones import is_zone

WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,14})")
FRACTION = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,10}")
TRUTHS = {"true": True, "false": False}
YES = {"yes", "true", "1", "y"}
NO = {"no", "false", "0", "n"}
# So many different rows of one customer and moment are remembered; past it the count begins again.
MOST_ALIKE = 10_000


class CannotRead(ValueError):
    """One field cannot be read: its column and why."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column = column
        self.reason = reason


@dataclass(frozen=True)
class Reader:
    """Reads fields by a layout. `zone`: where dates without an offset are meant."""

    layout: Layout
    options: ImportOptions
    zone: ZoneInfo

    def get(self, name: str, fields: list[str]) -> str:
        index = self.layout.fields.get(name)
        return "" if index is None else fields[index].strip()

    def customer(self, fields: list[str]) -> CustomerRow:
        """An empty field is one that is not given: an import never empties anything."""
        given = {name: self.get(name, fields) or None for name in ("email", "name", "timezone", "locale")}
        created = self.get("created_at", fields)
        return CustomerRow(
            external_id=self.get("external_id", fields),
            attributes=self.properties(fields),
            created_at=self.local(self.moment("created_at", created)) if created else None,
            **given,
        )

    def zone_is_unknown(self, row: CustomerRow) -> bool:
        return bool(row.timezone) and not is_zone(row.timezone or "")

    def consent(self, fields: list[str]) -> dict[tuple[str, str], bool]:
        """(topic slug, channel) -> yes or no; an empty field says nothing."""
        said = {}
        for key, index in self.layout.consent.items():
            word = fields[index].strip().lower()
            if word and word not in YES | NO:
                raise CannotRead(self.layout.columns[index], "must be yes, no or empty")
            if word:
                said[key] = word in YES
        return said

    def event(self, fields: list[str], alike: "Alike") -> EventRow:
        moment = self.moment("occurred_at", self.get("occurred_at", fields))
        row = EventRow(
            customer=self.get("external_id", fields),
            name=self.options.event or self.get("event", fields),
            occurred_at=self.local(moment),
            idempotency_key=self.get("idempotency_key", fields),
            value=self.value(fields),
            properties=self.properties(fields),
        )
        return row if "idempotency_key" in self.layout.fields else _keyed(row, moment, alike)

    def moment(self, name: str, text: str) -> datetime:
        """As written: without an offset it stays naive, so that its identity does not hang on a setting."""
        try:
            read = (
                datetime.strptime(text, self.options.date_format)  # noqa: DTZ007 - the zone is set by `local`
                if self.options.date_format
                else datetime.fromisoformat(text)
            )
            # Near the years 1 and 9999 a conversion overflows.
            if 1900 <= read.year <= 9000:
                return read
        except (ValueError, OverflowError, re.error):
            pass
        expected = f"in the format {self.options.date_format}" if self.options.date_format else "such as 2026-01-31"
        raise CannotRead(self.layout.column_of(name), f"must be a date {expected}, between 1900 and 9000")

    def local(self, moment: datetime) -> datetime:
        return moment if moment.tzinfo else moment.replace(tzinfo=self.zone)

    def value(self, fields: list[str]) -> Decimal | None:
        """Rounded to cents, half up."""
        text = self.get("value", fields)
        if not text:
            return None
        try:
            return Decimal(text).quantize(Decimal("0.01"), ROUND_HALF_UP)
        except InvalidOperation:
            raise CannotRead(self.layout.column_of("value"), "must be a number such as 12.50") from None

    def properties(self, fields: list[str]) -> dict[str, Any]:
        return {
            name: _typed(text, as_text=self.layout.columns[index] in self.options.text)
            for name, index in self.layout.properties.items()
            if (text := fields[index].strip())
        }


def _typed(text: str, *, as_text: bool) -> str | int | float | bool:
    """Plain numbers and truth values are what they look like; 007 and 1e5 stay text."""
    if as_text:
        return text
    if WHOLE.fullmatch(text):
        return int(text)
    if FRACTION.fullmatch(text):
        return float(text)
    return TRUTHS.get(text.lower(), text)


@dataclass
class Alike:
    """Counts equal rows that stand together: among rows of the same customer and moment.

    Equal rows standing together are separate events; the same row again in a later import is the same event.
    Its state is hashes alone, so that an import that is resumed goes on with the right count.
    """

    group: str = ""
    seen: dict[str, int] = field(default_factory=dict)

    def ordinal(self, group: str, row: str) -> int:
        if group != self.group or len(self.seen) >= MOST_ALIKE:
            self.group, self.seen = group, {}
        self.seen[row] = self.seen.get(row, -1) + 1
        return self.seen[row]

    def as_json(self) -> dict[str, Any]:
        return {"group": self.group, "seen": self.seen}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Alike":
        return cls(stored.get("group", ""), dict(stored.get("seen", {})))


def _keyed(row: EventRow, moment: datetime, alike: Alike) -> EventRow:
    """The row with a key made of all that it says, and of its place among its equals."""
    group = _hash([row.customer, moment.isoformat()])
    said = _hash([row.name, str(row.value), json.dumps(row.properties, sort_keys=True), group])
    key = f"import-{said}-{alike.ordinal(group, said)}"
    return EventRow(row.customer, row.name, row.occurred_at, key, row.value, row.properties)


def _hash(parts: list[str]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
