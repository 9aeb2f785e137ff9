"""Numbers as the pages show them."""

from django import template

from deliveries.channels.registry import label

register = template.Library()
HISTORY = {
    "ask": "Asked for approval",
    "approve": "Approved",
    "approve section": "Approved a section",
    "edited": "Edited",
    "decline": "Declined",
    "start": "Started",
    "pause": "Paused",
    "pause itself": "Paused itself",
    "resume": "Resumed",
    "finish": "Finished",
    "cancel": "Cancelled",
    "edit": "Back to draft",
}


@register.filter
def compact(number: int) -> str:
    """`1204` → `1,204`; `38700` → `38.7k`; `1250000` → `1.3m`: three or four signs, never a false digit more."""
    if number < 10_000:
        return f"{number:,}"
    if number < 999_500:
        return _short(number / 1_000) + "k"
    return _short(number / 1_000_000) + "m"


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
def channel_words(name: str) -> str:
    """`in_app` → `In the app`."""
    return label(name)


@register.filter
def history_words(action: str) -> str:
    """`ask` → `Asked for approval`: an entry of a campaign's history."""
    return HISTORY.get(action, words(action).capitalize())


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 100 else f"{number:.0f}"
