"""Campaigns as plans: the rows of one campaign, read into the value that is approved."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from audiences.models import Workspace
from audiences.zones import zone_or
from campaigns.models import Campaign, Send
from campaigns.plan import MessagePlan, Plan

MESSAGE_FIELDS = ("channel", "variant", "weight", "subject", "html", "text", "title", "body", "link")


def read_plan(campaign: Campaign) -> Plan:
    """The campaign as it is written now; four queries."""
    messages = campaign.messages.order_by("channel", "variant").values(*MESSAGE_FIELDS)
    return Plan(
        name=campaign.name,
        team_id=campaign.team_id,
        topic_id=campaign.topic_id,
        milestone_id=campaign.milestone_id,
        include=_segment_ids(campaign, "include"),
        exclude=_segment_ids(campaign, "exclude"),
        holdout_percent=float(campaign.holdout_percent),
        channels=tuple(campaign.channels),
        reach=str(campaign.reach),
        messages=tuple(MessagePlan(**message) for message in messages),
        trigger=str(campaign.trigger),
        zone=str(campaign.zone),
        start_date=campaign.start_date.isoformat() if campaign.start_date else "",
        local_time=campaign.local_time.isoformat("minutes") if campaign.local_time else "",
        rrule=campaign.rrule.strip(),
        event=campaign.event,
        delay_seconds=_seconds(campaign.delay) or 0,
        unless_event=campaign.unless_event,
        trigger_segment_id=campaign.trigger_segment_id,
        silence_days=campaign.silence_days,
        reentry_days=campaign.reentry_days,
        expires_after_seconds=_seconds(campaign.expires_after),
        priority=campaign.priority,
        obeys_caps=campaign.obeys_caps,
        counts_toward_caps=campaign.counts_toward_caps,
        on_breach=str(campaign.on_breach),
        obeys_quiet_hours=campaign.obeys_quiet_hours,
        transactional=campaign.transactional,
        at_least_once=campaign.at_least_once,
        moves=_moves(campaign),
        goal_event=campaign.goal_event,
        goal_within_seconds=_seconds(campaign.goal_within),
        guardrails=tuple(campaign.guardrails),
        hypothesis=campaign.hypothesis,
        experiment_ends=campaign.experiment_ends.isoformat() if campaign.experiment_ends else "",
    )


def workspace_zone() -> ZoneInfo:
    return zone_or(Workspace.current().timezone, "UTC")


def _segment_ids(campaign: Campaign, field: str) -> tuple[int, ...]:
    return tuple(sorted(getattr(campaign, field).order_by().values_list("id", flat=True)))


def _moves(campaign: Campaign) -> tuple[tuple[int, str], ...]:
    """Every send that was moved by hand, started or not: so that starting one is no edit."""
    moved = Send.objects.filter(campaign=campaign, moved_by_hand=True).order_by("id")
    return tuple(
        (send_id, local_due or due_at.isoformat(timespec="minutes"))
        for send_id, due_at, local_due in moved.values_list("id", "due_at", "local_due")
    )


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else int(length.total_seconds())
