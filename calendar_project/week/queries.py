"""Everything the week page reads: a fixed number of queries, whatever the number of sends. No audience is loaded."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Prefetch, Q, QuerySet, Sum
from pyroaring import BitMap

from audiences.bitmaps import load
from audiences.models import Segment
from campaigns.models import Campaign, Finding, Send, Team
from campaigns.queries.reviews import is_handed_over
from deliveries.models import Delivery, Withheld

from .filters import WeekFilter
from .weeks import Week

# A send at each customer's hour begins up to a day before, and ends up to a day after, the workspace's own date.
WIDEST_ZONE_GAP = timedelta(hours=27)
Counts = dict[int, Counter[str]]


@dataclass(frozen=True)
class WeekRows:
    """The rows of one week. `states` and `withheld` count by send id, then by state or by reason."""

    teams: list[Team]
    sends: list[Send]
    states: Counts
    withheld: Counts
    people_at_cap: int
    findings: list[Finding]
    partners: dict[int, Send]
    experiments: list[Campaign]


def read_week(week: Week, zone: ZoneInfo, chosen: WeekFilter) -> WeekRows:
    sends = [send for send in sends_of(week, zone) if chosen.keeps(send)]
    ids = [send.pk for send in sends]
    findings = list(open_findings({send.campaign_id for send in sends}))
    return WeekRows(
        teams=list(Team.objects.all()),
        sends=sends,
        states=_count(Delivery.objects.filter(send__in=ids).values_list("send", "state").annotate(n=Count("id"))),
        withheld=_count(Withheld.objects.filter(send__in=ids).values_list("send", "reason").annotate(n=Sum("size"))),
        people_at_cap=people_at_cap(send.pk for send in sends if not send.campaign.is_continuous),
        findings=findings,
        partners=sends_of_findings(findings),
        experiments=[each for each in experiments_ending(week) if chosen.keeps_campaign(each)],
    )


def sends_of(week: Week, zone: ZoneInfo) -> QuerySet[Send]:
    """By the wall-clock date where they go at each customer's hour, by the workspace's date otherwise."""
    start, end = week.bounds(zone)
    first, after = week.days[0].isoformat(), week.next.days[0].isoformat()
    local = Q(local_due__gte=first, local_due__lt=after)
    near = Q(due_at__gte=start - WIDEST_ZONE_GAP, due_at__lt=end + WIDEST_ZONE_GAP)
    segments = Prefetch("campaign__include", Segment.objects.only("name"))
    return (
        Send.objects.filter(near & (local | Q(local_due="", due_at__gte=start, due_at__lt=end)))
        .defer("audience")
        .select_related("campaign__owner", "campaign__team", "campaign__milestone")
        .prefetch_related(segments)
        .annotate(is_handed_over=is_handed_over("campaign"))
        .order_by("due_at", "id")
    )


def open_findings(campaign_ids: Iterable[int]) -> QuerySet[Finding]:
    ids = list(campaign_ids)
    return (
        Finding.objects.filter(Q(first__in=ids) | Q(second__in=ids), state=Finding.State.OPEN)
        .select_related("first__owner", "second__owner")
        .order_by("-shared", "id")
    )


def sends_of_findings(findings: list[Finding]) -> dict[int, Send]:
    """The sends that findings name, by id: a partner may stand in the week before or after."""
    ids = {send_id for finding in findings for pair in finding.sends for send_id in pair}
    return {send.pk: send for send in Send.objects.defer("audience").filter(pk__in=ids)}


def people_at_cap(send_ids: Iterable[int]) -> int:
    """Distinct customers whom a cap kept from at least one of these dated sends, so far."""
    sets = Withheld.objects.filter(send__in=list(send_ids), reason=Withheld.Reason.CAPPED)
    people = BitMap()
    for members in sets.values_list("members", flat=True).iterator():
        people |= load(members)
    return len(people)


def experiments_ending(week: Week) -> QuerySet[Campaign]:
    ending = Campaign.objects.filter(experiment_ends__range=(week.days[0], week.days[-1]), is_template=False)
    on = ending.exclude(status=Campaign.Status.CANCELLED).select_related("team")
    return on.prefetch_related(Prefetch("include", Segment.objects.only("name"))).order_by("experiment_ends", "id")


def _count(rows: Iterable[tuple[int, str, int]]) -> Counts:
    counts: Counts = defaultdict(Counter)
    for send_id, name, number in rows:
        counts[send_id][name] += number
    return counts
