"""The sections of a campaign's page, and which fields matter for which trigger."""

from typing import Any

from campaigns.models import Campaign

from .campaign_form import RRULE_HELP

DATED = f"['{Campaign.Trigger.AT}', '{Campaign.Trigger.RECURRING}'].includes(trigger)"
CONTINUOUS = f"['{Campaign.Trigger.EVENT}', '{Campaign.Trigger.ENTERS}', '{Campaign.Trigger.SILENCE}'].includes(trigger)"

# Field → when it is shown, as an expression over the form's values in the browser. Hidden fields keep their values.
SHOWN_WHEN = {
    "start_date": DATED,
    "local_time": DATED,
    "zone": DATED,
    "rrule": f"trigger == '{Campaign.Trigger.RECURRING}'",
    "event": f"['{Campaign.Trigger.EVENT}', '{Campaign.Trigger.SILENCE}'].includes(trigger)",
    "delay": f"['{Campaign.Trigger.EVENT}', '{Campaign.Trigger.ENTERS}'].includes(trigger)",
    "unless_event": f"trigger == '{Campaign.Trigger.EVENT}'",
    "trigger_segment": f"trigger == '{Campaign.Trigger.ENTERS}'",
    "silence_days": f"trigger == '{Campaign.Trigger.SILENCE}'",
    "reentry_days": CONTINUOUS,
}
HELP = {
    "name": "What your colleagues call it; customers never see it.",
    "owner": "Who is told when it needs somebody.",
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
    "goal_event": "The event that it wants to see, for example ordered.",
    "hypothesis": "What you expect, and why; to be read when the numbers are in.",
    "experiment_ends": "The day on which the numbers are to be looked at.",
}
SECTIONS: list[tuple[str | None, dict[str, Any]]] = [
    (None, {"fields": ["name", ("team", "owner"), ("topic", "milestone"), "is_template", "version_seen"]}),
    ("Audience", {"classes": ["tab"], "fields": ["include", "exclude", "holdout_percent"]}),
    ("Content", {"classes": ["tab"], "fields": ["channels", "reach"]}),
    (
        "Schedule",
        {
            "classes": ["tab"],
            "fields": [
                "trigger", "start_date", "local_time", "zone", "rrule", "event", "delay", "unless_event",
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
            ],
        },
    ),
]  # fmt: skip
