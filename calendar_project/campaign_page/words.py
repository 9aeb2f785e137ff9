"""A campaign's plan in plain sentences, as somebody would read it out in the review."""

from dataclasses import dataclass

from audiences.models import Segment
from audiences.queries.segments import check_rule
from audiences.rules import RuleError
from campaigns.admin.durations import in_words
from campaigns.admin.trigger_words import trigger_in_words
from campaigns.models import Campaign


@dataclass(frozen=True)
class Line:
    """One thing that the plan says: in which of its sections, what it is about, and the sentence."""

    section: str
    about: str
    sentence: str


@dataclass(frozen=True)
class SegmentLine:
    """A segment of the audience with its size and its rule in words."""

    segment: Segment
    rule: str


def plan_lines(campaign: Campaign) -> list[Line]:
    held_out = f"{campaign.holdout_percent.normalize():f}% of the audience" if campaign.holdout_percent else ""
    lines = [
        Line("audience", "About", _topic(campaign)),
        Line("audience", "Held out", held_out),
        Line("content", "Through", _channels(campaign)),
        Line("schedule", "When", trigger_in_words(campaign)),
        Line("schedule", "Rules", _rules(campaign)),
        Line("goal", "For", _goal(campaign)),
        Line("goal", "Experiment", _experiment(campaign)),
        Line("goal", "Must not cause", ", ".join(each.replace("_", " ") for each in campaign.guardrails)),
    ]
    return [line for line in lines if line.sentence]


def segment_lines(segments: list[Segment]) -> list[SegmentLine]:
    return [SegmentLine(segment, rule_in_words(segment)) for segment in segments]


def rule_in_words(segment: Segment) -> str:
    if segment.kind == Segment.Kind.LIST:
        return segment.description or "a list"
    try:
        return check_rule(segment.rule, segment.slug).words
    except RuleError as problem:
        return f"its rule cannot be used: {problem}"


def _channels(campaign: Campaign) -> str:
    names = [channel.replace("_", "-") for channel in campaign.channels]
    if len(names) < 2:
        return "".join(names)
    return f"{' or '.join(names)}, the first that reaches them" if campaign.reach == "first" else " and ".join(names)


def _topic(campaign: Campaign) -> str:
    return f"{campaign.topic}: {'those who subscribed' if campaign.topic.opt_in else 'everyone but the unsubscribed'}"


def _goal(campaign: Campaign) -> str:
    goal = campaign.goal_event.replace("_", " ") or "no goal"
    within = f" within {in_words(campaign.goal_within)}" if campaign.goal_within and campaign.goal_event else ""
    return goal + within + (f", towards “{campaign.milestone}”" if campaign.milestone else "")


def _rules(campaign: Campaign) -> str:
    if campaign.transactional:
        again = "; sent again where the answer is lost" if campaign.at_least_once else ""
        return f"transactional: skips caps, quiet hours, holdouts and consent; priority {campaign.priority}{again}"
    breach = "waits for caps" if campaign.on_breach == "defer" else "leaves out who is at a cap"
    parts = [
        breach if campaign.obeys_caps else "ignores caps",
        "" if campaign.counts_toward_caps else "does not count toward caps",
        "" if campaign.obeys_quiet_hours else "ignores quiet hours",
        f"expires after {in_words(campaign.expires_after)}" if campaign.expires_after else "",
        _again(campaign),
        f"priority {campaign.priority}",
    ]
    return ", ".join(filter(None, parts))


def _again(campaign: Campaign) -> str:
    if campaign.reentry_days is None:
        return "once per customer" if campaign.is_continuous else ""
    return f"again after {campaign.reentry_days} days" if campaign.reentry_days else ""


def _experiment(campaign: Campaign) -> str:
    ends = f"Ends on {campaign.experiment_ends:%A %-d %B}" if campaign.experiment_ends else ""
    return ". ".join(filter(None, [campaign.hypothesis.rstrip("."), ends]))
