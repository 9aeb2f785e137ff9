"""How a file is to be read: which column is which field, as it was asked for and as it is stored. No Django in here."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from .csv_rows import DELIMITERS, WHITESPACE, FileProblem
from .rules.vocabulary import suggestion

CUSTOMERS = "customers"
EVENTS = "events"
FIELDS = {
    CUSTOMERS: ("external_id", "email", "name", "timezone", "locale", "created_at"),
    EVENTS: ("external_id", "event", "occurred_at", "value", "idempotency_key"),
}
REQUIRED = {CUSTOMERS: ("external_id",), EVENTS: ("external_id", "event", "occurred_at")}
CONSENT = "consent:"


@dataclass(frozen=True)
class ImportOptions:
    """What was asked for. Everything has a default; a file with our own column names needs none of it.

    `columns`: field -> column, where they differ. `properties`: attribute or property -> column; for customers,
    none named means every column that is no field. `text`: columns never read as numbers or truth values.
    `event`: the name of every event, for a file without such a column. `header`: the columns of a file without a
    header line. `date_format`: as in `strptime`; empty for ISO 8601.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    text: Sequence[str] = ()
    event: str = ""
    date_format: str = ""
    delimiter: str = ""
    header: Sequence[str] = ()
    update_consent: bool = False
    create_customers: bool = False

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "text": list(self.text), "header": list(self.header)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**stored)


@dataclass(frozen=True)
class Layout:
    """Where in a row everything stands: indexes into its fields. `ignored`: columns that are not read, by name."""

    columns: tuple[str, ...]
    fields: Mapping[str, int]
    properties: Mapping[str, int]
    consent: Mapping[tuple[str, str], int]
    ignored: tuple[str, ...]

    def column_of(self, problem_field: str) -> str:
        """The file's own name for what a problem is about; the field itself where no column holds it."""
        head, _, name = problem_field.partition(".")
        index = self.properties.get(name) if name else self.fields.get(FILE_FIELDS.get(head, head))
        return problem_field if index is None else self.columns[index]


# An event row names its parts as the API does.
FILE_FIELDS = {"customer": "external_id"}


def lay_out(kind: str, columns: Sequence[str], options: ImportOptions) -> Layout:
    """Find every column that was asked for. Raises `FileProblem` with a sentence."""
    _check_options(kind, options)
    fields = {name: _index(columns, column, f"for {name}") for name, column in options.columns.items()}
    for name in FIELDS[kind]:
        if name not in fields and name in columns:
            fields[name] = columns.index(name)
    _check_required(kind, fields, columns, options)
    properties = {name: _index(columns, column, f"for {name}") for name, column in options.properties.items()}
    consent = _consent_columns(kind, columns)
    taken = {*fields.values(), *properties.values(), *consent.values()}
    rest = [index for index, column in enumerate(columns) if index not in taken and column]
    if kind == CUSTOMERS and not options.properties:
        properties, rest = {columns[index]: index for index in rest}, []
    used_consent = consent if options.update_consent else {}
    skipped = () if options.update_consent else tuple(columns[index] for index in consent.values())
    ignored = (*(columns[index] for index in rest), *skipped)
    return Layout(tuple(columns), fields, properties, used_consent, ignored)


def _check_options(kind: str, options: ImportOptions) -> None:
    for name in options.columns:
        if name not in FIELDS[kind]:
            raise FileProblem(f"There is no field “{name}” of {kind}.{suggestion(name, FIELDS[kind])}")
    if options.delimiter not in ("", WHITESPACE, *DELIMITERS):
        raise FileProblem("The delimiter must be a comma, a semicolon, a tab or the word “whitespace”.")


def _check_required(kind: str, fields: Mapping[str, int], columns: Sequence[str], options: ImportOptions) -> None:
    for name in REQUIRED[kind]:
        if name in fields or (name == "event" and options.event):
            continue
        hint = " Or name every event with --event." if name == "event" else ""
        blanks = " Are its fields set apart by blanks? Then say --delimiter whitespace." if len(columns) == 1 else ""
        raise FileProblem(
            f"Which column is {name}? There is none of that name; say --map {name}=COLUMN. "
            f"The columns are: {_listed(columns)}.{hint}{blanks}"
        )


def _index(columns: Sequence[str], column: str, what: str) -> int:
    if column not in columns:
        raise FileProblem(f"There is no column “{column}” {what}. The columns are: {_listed(columns)}.")
    return columns.index(column)


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(each[:60] for each in columns[:40])


def _consent_columns(kind: str, columns: Sequence[str]) -> dict[tuple[str, str], int]:
    """“consent:TOPIC:CHANNEL” -> index."""
    found: dict[tuple[str, str], int] = {}
    if kind != CUSTOMERS:
        return found
    for index, column in enumerate(columns):
        if column.startswith(CONSENT):
            topic, _, channel = column.removeprefix(CONSENT).partition(":")
            found[topic, channel] = index
    return found
