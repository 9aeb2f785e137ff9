"""Preflight: everything that stands in a campaign's way, or should be looked at, before it is approved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from audiences.models import Segment
from campaigns.content import content_problems
from campaigns.models import Campaign
from campaigns.plan import Plan
from campaigns.queries.audiences import audience
from campaigns.queries.campaigns import read_plan, workspace_zone
from campaigns.queries.fields import known_fields
from campaigns.recurrence import RecurrenceError, first_instant, instant, wall_time
from campaigns.slots import first_moment, has_slots_left, slots

FAR = 400  # days


@dataclass(frozen=True)
class Problem:
    """One sentence about one section (audience, content, schedule, goal). A warning does not stop an approval."""

    section: str
    sentence: str
    is_blocking: bool = True


def problems(campaign: Campaign, now: datetime) -> list[Problem]:
    """Every problem of the campaign as it is written now, the blocking ones first; a constant number of queries."""
    plan, zone = read_plan(campaign), workspace_zone()
    content = content_problems(plan, frozenset(settings.CHANNELS), known_fields(plan))
    found = [
        *_audience(plan),
        *(Problem("content", sentence) for sentence in content),
        *_schedule(plan, zone, now),
        *_goal(plan, wall_time(now, zone).date()),
    ]
    return sorted(found, key=lambda problem: not problem.is_blocking)


def _warning(section: str, sentence: str) -> Problem:
    return Problem(section, sentence, is_blocking=False)


def _audience(plan: Plan) -> Iterator[Problem]:
    both = set(plan.include) & set(plan.exclude)
    if not plan.include:
        yield Problem("audience", "Include at least one segment: this campaign is for nobody.")
    elif both == set(plan.include):
        yield Problem("audience", "Every segment that is included is excluded as well: this campaign is for nobody.")
    else:
        yield from _reach(plan)
    if both:
        yield _warning("audience", f"{_names(both)} is both included and excluded: its members get nothing.")
    if plan.transactional and plan.holdout_percent:
        yield _warning("audience", "A transactional campaign holds nobody out: the holdout has no effect.")


def _reach(plan: Plan) -> Iterator[Problem]:
    if not audience(plan.include, plan.exclude):
        yield _warning("audience", "Nobody is in this audience at the moment.")
    never = Segment.objects.filter(pk__in={*plan.include, *plan.exclude}, refreshed_at__isnull=True)
    for name in never.values_list("name", flat=True):
        yield _warning("audience", f"The segment “{name}” has not been worked out yet.")


def _names(segment_ids: set[int]) -> str:
    names = Segment.objects.filter(pk__in=segment_ids).order_by("name").values_list("name", flat=True)
    return ", ".join(f"“{name}”" for name in names)


def _schedule(plan: Plan, zone: ZoneInfo, now: datetime) -> Iterator[Problem]:
    if plan.is_continuous:
        yield from _continuous(plan)
    elif not (plan.start_date and plan.local_time):
        yield Problem("schedule", "Say on which day and at what time it goes out.")
    else:
        yield from _dated(plan, zone, now)
    if plan.expires_after_seconds is not None and plan.expires_after_seconds <= 0:
        yield Problem("schedule", "It would expire before it could leave: let it expire after some time, or never.")
    if plan.at_least_once and not plan.transactional:
        yield Problem("schedule", "“At least once” is for transactional campaigns alone: a customer may get it twice.")
    if plan.transactional and not plan.hypothesis.strip():
        reason = "say in the hypothesis why: it skips caps, quiet hours, holdouts and consent"
        yield _warning("schedule", f"A transactional campaign needs a reason; {reason}.")


def _dated(plan: Plan, zone: ZoneInfo, now: datetime) -> Iterator[Problem]:
    if plan.trigger == "recurring" and not plan.rrule:
        yield Problem("schedule", "Say on which days it recurs, for example FREQ=WEEKLY;BYDAY=TU.")
        return
    try:
        has_future = has_slots_left(plan, zone, now) or _is_moved_ahead(plan, now)
        upcoming = slots(plan, zone, now, now + timedelta(days=FAR)) if has_future else []
    except RecurrenceError as error:
        yield Problem("schedule", str(error))
        return
    if not has_future:
        yield Problem("schedule", "Its time has passed: nothing would go out.")
    if upcoming and upcoming[0].due_at <= now:
        yield _warning("schedule", "Its hour has passed in the easternmost zones: customers there will be missed.")
    yield from _in_gap(plan, zone)


def _is_moved_ahead(plan: Plan, now: datetime) -> bool:
    """Whether a send that was moved by hand is still to come, though the trigger's own day is over."""
    return any(_moment(text) > now for _, text in plan.moves)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else first_instant(moment)


def _in_gap(plan: Plan, zone: ZoneInfo) -> Iterator[Problem]:
    local = first_moment(plan)
    if local is None or plan.zone == "customer":
        return
    goes_at = wall_time(instant(local, zone), zone)
    if goes_at != local:
        yield _warning("schedule", f"Clocks go forward over {local:%H:%M} that night: it goes at {goes_at:%H:%M}.")


def _continuous(plan: Plan) -> Iterator[Problem]:
    if plan.trigger in ("event", "silence") and not plan.event:
        yield Problem("schedule", "Say which event it waits for.")
    if plan.trigger == "enters" and plan.trigger_segment_id is None:
        yield Problem("schedule", "Say which segment customers enter.")
    if plan.trigger == "silence" and not plan.silence_days:
        yield Problem("schedule", "Say after how many days of silence it goes out.")
    if plan.unless_event and not plan.delay_seconds:
        yield _warning("schedule", "It leaves at once, so “unless” has no time to happen in: give it a delay.")
    if plan.delay_seconds < 0 or plan.delay_seconds > FAR * 86_400:
        yield Problem("schedule", f"The delay must be between nothing and {FAR} days.")


def _goal(plan: Plan, today: date) -> Iterator[Problem]:
    if not plan.goal_event:
        yield _warning("goal", "It has no goal: nobody will be able to say what it was worth.")
    if plan.goal_event and plan.goal_event in plan.guardrails:
        yield Problem("goal", f"“{plan.goal_event}” is both what it wants to see and what it does not.")
    if plan.experiment_ends and date.fromisoformat(plan.experiment_ends) < today:
        yield Problem("goal", "Its experiment has ended: set a later end, or none.")
