"""What else is on the days on which a campaign goes out, as sentences beside its schedule."""

from collections.abc import Iterable
from datetime import date

from campaigns.queries.day_notes import Note, day_notes

from .sends import SendRow


def around(rows: Iterable[SendRow]) -> list[str]:
    """One sentence for each holiday or event that any of the sends meets, by its first day; two queries."""
    days: dict[tuple[str, str, str], list[date]] = {}
    for day, notes in day_notes(row.when.date() for row in rows).items():
        for note in notes:
            days.setdefault((note.kind, note.name, note.about), []).append(day)
    return [_sentence(Note(*note), on) for note, on in days.items()]


def _sentence(note: Note, days: list[date]) -> str:
    """`Thursday 26 November is Thanksgiving Day (US)`."""
    name = f"{note.name} ({note.about})"
    if len(days) == 1:
        return f"{_day(days[0])} is {name}" if note.kind == "holiday" else f"{_day(days[0])}: {name}"
    return f"{len(days)} days from {_day(days[0])} to {_day(days[-1])}: {name}"


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"
