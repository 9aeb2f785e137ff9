"""A campaign's trigger as people say it."""

from campaigns.models import Campaign

from .durations import in_words

UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
DAYS = {"MO": "Mon", "TU": "Tue", "WE": "Wed", "TH": "Thu", "FR": "Fri", "SA": "Sat", "SU": "Sun"}
SAID = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY"}


def trigger_in_words(campaign: Campaign) -> str:
    """One line; names what is still missing instead of leaving it out. Reads `trigger_segment`: select it."""
    say = {
        Campaign.Trigger.AT: _at,
        Campaign.Trigger.RECURRING: _recurring,
        Campaign.Trigger.EVENT: _event,
        Campaign.Trigger.ENTERS: _enters,
        Campaign.Trigger.SILENCE: _silence,
    }
    return say[Campaign.Trigger(campaign.trigger)](campaign)


def _at(campaign: Campaign) -> str:
    day = f"{campaign.start_date:%a %-d %b %Y}" if campaign.start_date else "(no day yet)"
    return f"{day} at {_hour(campaign)}"


def _recurring(campaign: Campaign) -> str:
    return f"{rule_in_words(campaign.rrule) if campaign.rrule else '(no rule yet)'} at {_hour(campaign)}"


def _hour(campaign: Campaign) -> str:
    hour = f"{campaign.local_time:%H:%M}" if campaign.local_time else "(no hour yet)"
    return hour + (", customer's time" if campaign.zone == Campaign.Zone.CUSTOMER else "")


def _event(campaign: Campaign) -> str:
    unless = f", unless {campaign.unless_event}" if campaign.unless_event else ""
    return f"{_delay(campaign)} {campaign.event or '(no event yet)'}{unless}"


def _enters(campaign: Campaign) -> str:
    return f"{_delay(campaign)} entering {campaign.trigger_segment or '(no segment yet)'}"


def _delay(campaign: Campaign) -> str:
    return f"{in_words(campaign.delay)} after" if campaign.delay else "right after"


def _silence(campaign: Campaign) -> str:
    days = campaign.silence_days if campaign.silence_days is not None else "?"
    return f"{days} days without {campaign.event or '(no event yet)'}"


def rule_in_words(rrule: str) -> str:
    """“every 2 weeks on Tue, Thu”; a rule that says more than that is shown as it is."""
    parts = dict(part.split("=", 1) for part in rrule.upper().rstrip(";").split(";") if "=" in part)
    days = parts.get("BYDAY", "").split(",") if "BYDAY" in parts else []
    if parts.get("FREQ") not in UNITS or set(parts) - SAID or not all(day in DAYS for day in days):
        return rrule
    unit, number = UNITS[parts["FREQ"]], parts.get("INTERVAL", "1")
    every = f"every {unit}" if number == "1" else f"every {number} {unit}s"
    dates = parts.get("BYMONTHDAY", "").replace(",", ", ")
    on = ", ".join(DAYS[day] for day in days) + (f"day {dates}" if dates else "")
    return f"{every} on {on}" if on else every
