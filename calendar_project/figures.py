"""Numbers and actions as people read them, on pages and in mails."""

from django.contrib.auth.models import User

HISTORY = {
    "ask": "Asked for approval",
    "approve": "Approved",
    "approve section": "Approved a section",
    "edited": "Edited",
    "decline": "Declined",
    "decline section": "Declined a section",
    "start": "Started",
    "pause": "Paused",
    "pause itself": "Paused itself",
    "resume": "Resumed",
    "finish": "Finished",
    "cancel": "Cancelled",
    "move send": "Moved a send",
    "edit": "Back to draft",
    "hand over": "Handed over",
    "accept handoff": "Accepted",
    "decline handoff": "Handoff declined",
    "withdraw handoff": "Handoff withdrawn",
    "take": "Taken over",
}


def compact(number: int) -> str:
    """`1204` → `1,204`; `38700` → `38.7k`; `1250000` → `1.3m`: three or four signs, never a false digit more."""
    if number < 10_000:
        return f"{number:,}"
    if number < 999_500:
        return _short(number / 1_000) + "k"
    return _short(number / 1_000_000) + "m"


def history_words(action: str) -> str:
    """`ask` → `Asked for approval`: an entry of a campaign's history."""
    return HISTORY.get(action, action.replace("_", " ").capitalize())


def person_name(user: User | None) -> str:
    """Nobody is the system itself, or somebody who was deleted since."""
    return (user.get_full_name() or user.get_username()) if user else "Almanac"


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 100 else f"{number:.0f}"
