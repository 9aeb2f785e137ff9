"""The sections of a campaign's page, and which fields matter for which trigger."""

from typing import Any

from campaigns.models import Campaign

from .campaign_form import RRULE_HELP


def shown_for(*triggers: Campaign.Trigger) -> str:
    """An expression for the browser. A page that is only looked at has no form, and shows every field."""
    return f"typeof trigger == 'undefined' || {[str(trigger) for trigger in triggers]}.includes(trigger)"


AT, RECURRING = Campaign.Trigger.AT, Campaign.Trigger.RECURRING
EVENT, ENTERS, SILENCE = Campaign.Trigger.EVENT, Campaign.Trigger.ENTERS, Campaign.Trigger.SILENCE
# Hidden fields keep their values.
SHOWN_WHEN = {
    "start_date": shown_for(AT, RECURRING),
    "rrule": shown_for(RECURRING),
    "local_time": shown_for(AT, RECURRING),
    "zone": shown_for(AT, RECURRING),
    "event": shown_for(EVENT, SILENCE),
    "delay": shown_for(EVENT, ENTERS),
    "unless_event": shown_for(EVENT),
    "trigger_segment": shown_for(ENTERS),
    "silence_days": shown_for(SILENCE),
    "reentry_days": shown_for(EVENT, ENTERS, SILENCE),
}
HELP = {
    "name": "What your colleagues call it; customers never see it.",
    "owner": "Who is told when it needs somebody.",
    "is_private": "Your team, its owner and workspace admins see what it is. Others see that somebody is busy: when, "
    "through what and with how many.",
    "topic": "What customers subscribe to and unsubscribe from.",
    "milestone": "The step of the customer's journey that it serves.",
    "holdout_percent": "This share gets nothing, so that the effect can be measured. 0 to 90.",
    "trigger": "What makes it go out. The fields below follow from it.",
    "start_date": "The day; for “again and again”: the first day.",
    "local_time": "The hour by the clock on the wall, for example 09:00.",
    "zone": "09:00 in the workspace, or 09:00 wherever each customer is.",
    "rrule": RRULE_HELP,
    "event": "The name of the event, as your product reports it.",
    "unless_event": "They get nothing if this came in between; empty: nothing stops it.",
    "trigger_segment": "Customers who enter this segment from now on.",
    "silence_days": "Days since they last did it.",
    "reentry_days": "The same customer again after so many days; 0: every time; empty: once.",
    "priority": "0 to 100. Where a cap leaves one slot, the higher one gets it.",
    "on_breach": "What happens to a customer whose cap is full.",
    "transactional": "For receipts and notices that were asked for. Skips caps, quiet hours, holdouts and consent.",
    "at_least_once": (
        "Only for transactional: when the answer to a message is lost, it is sent again with the same Message-ID; "
        "the customer may get it twice."
    ),
    "goal_event": "The event that it wants to see, for example ordered.",
    "hypothesis": "What you expect, and why; to be read when the numbers are in.",
    "experiment_ends": "The day on which the numbers are to be looked at.",
}
SECTIONS: list[tuple[str | None, dict[str, Any]]] = [
    (
        None,
        {"fields": ["name", ("team", "owner"), ("topic", "milestone"), ("is_template", "is_private"), "version_seen"]},
    ),
    ("Audience", {"classes": ["tab"], "fields": ["include", "exclude", "holdout_percent"]}),
    ("Content", {"classes": ["tab"], "fields": ["channels", "reach"]}),
    (
        "Schedule",
        {
            "classes": ["tab"],
            "fields": [
                "trigger", "start_date", "rrule", "local_time", "zone", "event", "delay", "unless_event",
                "trigger_segment", "silence_days", "reentry_days", "expires_after",
            ],
        },
    ),
    (
        "Goal",
        {"classes": ["tab"], "fields": ["goal_event", "goal_within", "guardrails", "hypothesis", "experiment_ends"]},
    ),
    (
        "Caps and priority",
        {
            "classes": ["tab"],
            "fields": [
                "priority", "obeys_caps", "counts_toward_caps", "on_breach", "obeys_quiet_hours", "transactional",
                "at_least_once",
            ],
        },
    ),
]  # fmt: skip
