"""What the agenda of a review would be at this moment: rows that are not saved, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Sum

from campaigns.models import AgendaItem, Campaign, Decision, Finding, Handoff, HistoryEntry, Review, Send
from campaigns.plan import CONTINUOUS
from campaigns.queries.sends import OPEN, on_calendar

About = AgendaItem.About
Facts = dict[str, Any]
OVER = (Campaign.Status.DONE, Campaign.Status.CANCELLED)
WORST_FIRST: dict[str, int] = {Finding.Severity.HIGH: 0, Finding.Severity.MEDIUM: 1, Finding.Severity.LOW: 2}
# A send at each customer's hour begins up to a day before the workspace's own date.
WIDEST_ZONE_GAP = timedelta(hours=27)
# Of one campaign the agenda says no more than its latest changes; its page says them all.
CHANGES_SHOWN = 4


@dataclass(frozen=True)
class Stretch:
    """The week that is settled: its address, its days, and itself as half-open instants in the workspace's zone."""

    address: str
    first: date
    last: date
    start: datetime
    end: datetime


def agenda(week: Stretch, since: datetime, went_out: Mapping[int, Facts]) -> list[AgendaItem]:
    """Every item in its place, those carried over first. `went_out`: by campaign, what the ledger says of it."""
    items = [
        *_findings(),
        *_experiments(week),
        *_lacking(),
        *_handoffs(),
        *_dated(week),
        *_daily(week),
        *_changed(since),
        *_went_out(went_out),
    ]
    items = _with_carried(items)
    for place, item in enumerate(items, 1):
        item.place = place
    return items


def last_closed() -> Review | None:
    return Review.objects.filter(state=Review.State.CLOSED).order_by("-closed_at").first()


def lacks(campaign: Campaign) -> list[str]:
    """A transactional campaign has no goal but to be right."""
    no_goal = not (campaign.goal_event or campaign.milestone_id or campaign.transactional)
    return [name for name, is_lacking in (("goal", no_goal), ("owner", campaign.owner_id is None)) if is_lacking]


def _item(about: str, key: str, campaign: Campaign, **fields: Any) -> AgendaItem:
    return AgendaItem(about=about, key=key, campaign=campaign, name=campaign.name, **fields)


def _alive() -> Any:
    return Campaign.objects.filter(is_template=False).exclude(status__in=OVER).select_related("team", "owner")


def _findings() -> Iterable[AgendaItem]:
    open_ones = Finding.objects.filter(state=Finding.State.OPEN).select_related("first__team", "second__team")
    found = sorted(open_ones, key=lambda each: (WORST_FIRST[each.severity], -each.shared, each.pk))
    named = [send_id for finding in found for send_id in (finding.sends or [[]])[0]]
    sends = {send.pk: send for send in Send.objects.defer("audience").filter(pk__in=named)}
    return [_finding(finding, sends) for finding in found]


def _finding(finding: Finding, sends: dict[int, Send]) -> AgendaItem:
    pair = {send.campaign_id: send for each in (finding.sends or [[]])[0] if (send := sends.get(each))}
    return _item(
        About.FINDING,
        f"finding:{finding.pk}",
        finding.first,
        other=finding.second,
        other_name=finding.second.name,
        send=pair.get(finding.first_id),
        other_send=pair.get(finding.second_id),
        finding=finding,
        facts={
            "kind": finding.kind,
            "severity": finding.severity,
            "shared": finding.shared,
            "percent": float(max(finding.percent_of_first, finding.percent_of_second)),
            "axes": finding.axes,
            "is_estimated": finding.is_estimated,
            "whens": [_when(each, pair.get(each.pk)) for each in (finding.first, finding.second)],
        },
    )


def _when(campaign: Campaign, send: Send | None) -> Facts | None:
    """A moment as a value: by each customer's clock, or an instant; None where it goes out on every day."""
    if send is None or campaign.is_continuous:
        return None
    return {"at": send.local_due or send.due_at.isoformat(), "local": bool(send.local_due)}


def _experiments(week: Stretch) -> Iterable[AgendaItem]:
    ending = _alive().filter(experiment_ends__range=(week.first, week.last)).order_by("experiment_ends", "id")
    return [_experiment(each) for each in ending]


def _experiment(campaign: Campaign) -> AgendaItem:
    ends = campaign.experiment_ends.isoformat() if campaign.experiment_ends else ""
    return _item(
        About.EXPERIMENT, f"experiment:{campaign.pk}", campaign, facts={"ends": ends, "why": campaign.hypothesis[:500]}
    )


def _lacking() -> Iterable[AgendaItem]:
    """Not again what was kept as it is, until somebody edits it."""
    kept = Decision.objects.filter(
        item__about=About.LACKING,
        item__campaign=OuterRef("pk"),
        kind=Decision.Kind.KEEP,
        taken_back_at=None,
        at__gte=OuterRef("updated_at"),
    )
    no_goal = Q(goal_event="", milestone=None, transactional=False)
    found = _alive().filter(no_goal | Q(owner=None)).filter(~Exists(kept)).order_by("team__name", "id")
    return [_item(About.LACKING, f"lacking:{each.pk}", each, facts={"lacks": lacks(each)}) for each in found]


def _handoffs() -> Iterable[AgendaItem]:
    offered = Handoff.objects.filter(state=Handoff.State.OFFERED).select_related("campaign__team", "to").order_by("id")
    return [
        _item(
            About.HANDOFF,
            f"handoff:{each.pk}",
            each.campaign,
            facts={"to": each.to.get_full_name() or each.to.get_username(), "at": each.offered_at.isoformat()},
        )
        for each in offered
        if each.campaign.status not in OVER
    ]


def _of_week(week: Stretch) -> Any:
    """By the wall-clock date where they go at each customer's hour, by the workspace's date otherwise."""
    near = Q(due_at__gte=week.start - WIDEST_ZONE_GAP, due_at__lt=week.end + WIDEST_ZONE_GAP)
    after = (week.last + timedelta(days=1)).isoformat()
    local = Q(local_due__gte=week.first.isoformat(), local_due__lt=after)
    here = Q(local_due="", due_at__gte=week.start, due_at__lt=week.end)
    return on_calendar().filter(near & (local | here), state__in=OPEN)


def _dated(week: Stretch) -> Iterable[AgendaItem]:
    sends = _of_week(week).exclude(campaign__trigger__in=CONTINUOUS).order_by("due_at", "id")
    return [_item(About.SEND, f"send:{each.pk}", each.campaign, send=each, facts=_send_facts(each)) for each in sends]


def _send_facts(send: Send) -> Facts:
    return {
        "when": _when(send.campaign, send),
        "people": send.audience_size or send.expected_volume,
        "channels": send.campaign.channels,
        "status": send.campaign.status,
    }


def _daily(week: Stretch) -> Iterable[AgendaItem]:
    """One item for all the days of a continuous campaign."""
    days = _of_week(week).filter(campaign__trigger__in=CONTINUOUS).order_by().values("campaign")
    people = dict(days.annotate(people=Sum("expected_volume")).values_list("campaign", "people"))
    found = Campaign.objects.filter(pk__in=list(people)).select_related("team").order_by("id")
    return [
        _item(
            About.SEND,
            f"daily:{each.pk}",
            each,
            facts={"when": None, "people": people[each.pk], "channels": each.channels, "status": each.status},
        )
        for each in found
    ]


def _changed(since: datetime) -> Iterable[AgendaItem]:
    """By campaign, the one that changed last first. What the clock did by itself is not news."""
    entries = (
        HistoryEntry.objects.filter(at__gt=since, campaign__is_template=False)
        .exclude(action__in=("start", "finish"))
        .select_related("campaign__team", "by")
        .order_by("-id")
    )
    by_campaign: dict[int, list[HistoryEntry]] = defaultdict(list)
    for entry in entries:
        by_campaign[entry.campaign_id].append(entry)
    return [_change(its) for its in by_campaign.values()]


def _change(entries: list[HistoryEntry]) -> AgendaItem:
    changes = [
        {
            "action": each.action,
            "by": (each.by.first_name or each.by.get_username()) if each.by else "",
            "at": each.at.isoformat(),
            "note": each.note[:200],
        }
        for each in entries[:CHANGES_SHOWN]
    ]
    campaign = entries[0].campaign
    facts = {"changes": changes, "more": max(0, len(entries) - CHANGES_SHOWN)}
    return _item(About.CHANGED, f"changed:{campaign.pk}", campaign, facts=facts)


def _went_out(went_out: Mapping[int, Facts]) -> Iterable[AgendaItem]:
    found = Campaign.objects.filter(pk__in=list(went_out)).select_related("team")
    most_first = sorted(found, key=lambda each: (-went_out[each.pk].get("sent", 0), each.pk))
    return [_item(About.WENT_OUT, f"out:{each.pk}", each, facts=went_out[each.pk]) for each in most_first]


def _with_carried(items: list[AgendaItem]) -> list[AgendaItem]:
    """What the last review left undecided comes first, as it stands now; what has settled itself since is gone."""
    last = last_closed()
    if last is None:
        return items
    left = last.items.filter(carries_over=True).select_related("campaign__team").order_by("place")
    fresh = {item.key: item for item in items}
    carried = [_carry(before, fresh.get(before.key)) for before in left if _is_left(before, fresh)]
    return [*carried, *(item for item in items if not item.carried)]


def _is_left(before: AgendaItem, fresh: Mapping[str, AgendaItem]) -> bool:
    """An experiment has ended by now and is found no more, but somebody still has to say what becomes of it."""
    if before.key in fresh:
        return True
    return before.about == About.EXPERIMENT and before.campaign.status not in OVER


def _carry(before: AgendaItem, fresh: AgendaItem | None) -> AgendaItem:
    item = fresh or _item(before.about, before.key, before.campaign, facts=before.facts)
    item.carried = before.carried + 1
    return item


def undecided_again(review: Review) -> Any:
    """The items of a review that carry over when it is closed now: to be decided, not decided, and still so."""
    standing = Decision.objects.filter(item=OuterRef("pk"), taken_back_at=None)
    settled = Q(campaign__status__in=OVER) | Q(about=About.FINDING) & ~Q(finding__state=Finding.State.OPEN)
    owned = Q(about=About.LACKING, campaign__owner__isnull=False) & (
        ~Q(campaign__goal_event="") | Q(campaign__milestone__isnull=False) | Q(campaign__transactional=True)
    )
    offered = Handoff.objects.filter(campaign=OuterRef("campaign"), state=Handoff.State.OFFERED)
    return (
        review.items.filter(about__in=AgendaItem.TO_DECIDE)
        .filter(~Exists(standing))
        .exclude(settled)
        .exclude(owned)
        .exclude(Q(about=About.HANDOFF) & ~Exists(offered))
        .order_by(F("place"))
    )
