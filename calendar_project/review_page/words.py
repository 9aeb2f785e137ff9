"""The facts of an item as sentences: the same in the agenda, in the minutes and in the mail."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from calendar_project.figures import compact, history_words
from calendar_project.week.review import axes_in_words
from campaigns.models import AgendaItem, Campaign
from deliveries.channels.registry import label

About = AgendaItem.About
LACKS = {"goal": "no goal", "owner": "no owner"}
#: The counts of a campaign that went out, in the order in which they are told.
COUNTS = (
    ("sent", "sent"),
    ("failed", "failed"),
    ("uncertain", "not confirmed"),
    ("capped", "at a cap"),
    ("withheld", "withheld in all"),
)


def sentence(item: AgendaItem, zone: ZoneInfo) -> str:
    """What there is to say about it, in one line."""
    return SENTENCES[item.about](item.facts, zone)


def when_words(when: dict[str, Any] | None, zone: ZoneInfo) -> str:
    """`Tue 24 Nov 09:00`, and `local` where it is each customer's own hour; what has no moment goes out every day."""
    if not when:
        return "Every day"
    at = datetime.fromisoformat(when["at"])
    wall = at if when["local"] else at.astimezone(zone)
    return f"{wall:%a} {wall.day} {wall:%b %H:%M}" + (" local" if when["local"] else "")


def _finding(facts: dict[str, Any], zone: ZoneInfo) -> str:
    about = "about " if facts["is_estimated"] else ""
    shares = axes_in_words(facts["axes"])
    percent = "under 1%" if 0 < facts["percent"] < 1 else f"{facts['percent']:.0f}%"
    told = f"{facts['kind'].capitalize()}: {about}{compact(facts['shared'])} in both ({percent})"
    return told + (f", {shares}" if shares else "")


def _experiment(facts: dict[str, Any], zone: ZoneInfo) -> str:
    ends = date.fromisoformat(facts["ends"]) if facts["ends"] else None
    told = f"Ends on {ends:%A} {ends.day} {ends:%B}" if ends else "Ends"
    return told + (f": {facts['why']}" if facts["why"] else "")


def _lacking(facts: dict[str, Any], zone: ZoneInfo) -> str:
    return " and ".join(LACKS[each] for each in facts["lacks"]).capitalize()


def _handoff(facts: dict[str, Any], zone: ZoneInfo) -> str:
    at = datetime.fromisoformat(facts["at"]).astimezone(zone)
    return f"Offered to {facts['to']} on {at.day} {at:%B}, not answered yet"


def _send(facts: dict[str, Any], zone: ZoneInfo) -> str:
    when = when_words(facts["when"], zone)
    people = f"{'about ' if not facts['when'] else ''}{compact(facts['people'])} people"
    through = " and ".join(label(name) for name in facts["channels"])
    status = Campaign.Status(facts["status"]).label
    return " · ".join(filter(None, [when, people, through, status]))


def _changed(facts: dict[str, Any], zone: ZoneInfo) -> str:
    told = [_change(each, zone) for each in facts["changes"]]
    return "; ".join(told) + (f"; {facts['more']} more" if facts["more"] else "")


def _change(change: dict[str, Any], zone: ZoneInfo) -> str:
    at = datetime.fromisoformat(change["at"]).astimezone(zone)
    by = f" by {change['by']}" if change["by"] else ""
    note = f" ({change['note']})" if change["note"] else ""
    return f"{history_words(change['action'])}{by} on {at:%a} {at.day} {at:%b}{note}"


def _went_out(facts: dict[str, Any], zone: ZoneInfo) -> str:
    sends, missed = facts.get("sends", 0), facts.get("missed", 0)
    told = [f"{compact(facts[name])} {words}" for name, words in COUNTS if facts.get(name)]
    if missed:
        told.insert(0, f"{missed} missed")
    return f"{sends} send{'' if sends == 1 else 's'}: " * bool(sends) + (", ".join(told) or "nobody got it")


SENTENCES = {
    About.FINDING.value: _finding,
    About.EXPERIMENT.value: _experiment,
    About.LACKING.value: _lacking,
    About.HANDOFF.value: _handoff,
    About.SEND.value: _send,
    About.CHANGED.value: _changed,
    About.WENT_OUT.value: _went_out,
}
