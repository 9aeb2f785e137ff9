"""Numbers as the pages show them."""

from datetime import date

from django import template

from calendar_project.figures import compact, history_words, person_name
from campaigns.queries.day_notes import Note
from deliveries.channels.registry import label

register = template.Library()
register.filter("compact", compact)
register.filter("history_words", history_words)
register.filter("person", person_name)


@register.filter
def id_text(number: int) -> str:
    """A number as a part of a class or an id, without the thousands separators that people read."""
    return str(number)


@register.filter
def percent_of(part: int, whole: int) -> str:
    """`percent_of(3, 4)` → `75`; 0 of nothing."""
    return str(round(100 * part / whole)) if whole else "0"


@register.filter
def words(name: str) -> str:
    """`held_out` → `held out`: a name of ours as people read it."""
    return name.replace("_", " ")


@register.filter
def of_day(notes: dict[date, list[Note]], day: date) -> list[Note]:
    """What `day_notes` found for one of its days."""
    return notes.get(day, [])


@register.filter
def channel_words(name: str) -> str:
    """`in_app` → `In the app`."""
    return label(name)
