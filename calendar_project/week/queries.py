"""Everything the calendar's pages read: a fixed number of queries, whatever the number of sends. No audience is loaded.

Rows come without their neighbours, which are read once each and put together in memory: with 600 sends, making the same
teams and owners again for every row is what takes the time.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet, Sum
from pyroaring import BitMap

from audiences.bitmaps import load
from campaigns.models import Campaign, Finding, Milestone, Send, Team
from campaigns.queries.reviews import is_handed_over
from campaigns.rights import Person, can_see, seen_by
from campaigns.veils import OF_A_SEND, seen_findings, veil_finding, veil_sends
from deliveries.models import Withheld
from deliveries.queries.tallies import states_of, total

from .filters import Audiences, WeekFilter
from .periods import A_DAY, Period

# A send at each customer's hour begins up to a day before, and ends up to a day after, the workspace's own date.
WIDEST_ZONE_GAP = timedelta(hours=27)
# What cards and findings say of a campaign. A field that is not named here costs a query for every card that asks.
CAMPAIGN = (
    "name", "is_private", "team_id", "owner_id", "topic_id", "milestone_id", "channels", "reach", "trigger", "status",
)  # fmt: skip
GOAL = ("goal_event", "experiment_ends")
SEND = ("campaign_id", "due_at", "local_due", "state", "reason", "expected_volume", "audience_size", *OF_A_SEND, "slot")
Counts = dict[int, Counter[str]]


@dataclass(frozen=True)
class WeekRows:
    """The rows of one period, as one person may see them: a private campaign of another team is a veil, of which only
    the size counts. `states` and `withheld` count by send id, then by state or by reason."""

    teams: list[Team]
    milestones: list[Milestone]
    sends: list[Send]
    audiences: Audiences
    states: Counts
    withheld: Counts
    people_at_cap: int
    findings: list[Finding]
    partners: dict[int, Send]
    experiments: list[Campaign]


def read_week(period: Period, zone: ZoneInfo, chosen: WeekFilter, user: Person) -> WeekRows:
    teams, milestones = list(Team.objects.all()), list(Milestone.objects.all())
    planned, experiments = list(sends_of(period, zone)), list(experiments_ending(period, user))
    campaigns = campaigns_of(send.campaign_id for send in planned) | {each.pk: each for each in experiments}
    give_teams(campaigns.values(), teams)
    audiences = audiences_of([each.pk for each in campaigns.values() if can_see(user, each)])
    for send in planned:
        send.campaign = campaigns[send.campaign_id]
    # First the veil, then the filters: they find out nothing that it hides.
    sends = [send for send in veil_sends(user, planned) if chosen.keeps(send, audiences)]
    seen = [send for send in sends if not send.campaign.is_veiled]
    ids = [send.pk for send in seen]
    findings = list(open_findings({send.campaign_id for send in seen}, user))
    give_campaigns(findings, campaigns)
    give_teams(campaigns.values(), teams)
    give_names(campaigns.values(), milestones)
    findings = [veil_finding(user, each) for each in findings]
    return WeekRows(
        teams=teams,
        milestones=milestones,
        sends=sends,
        audiences=audiences,
        states={send_id: total(counts) for send_id, counts in states_of(ids).items()},
        withheld=_count(Withheld.objects.filter(send__in=ids).values_list("send", "reason").annotate(n=Sum("size"))),
        people_at_cap=people_at_cap(send.pk for send in seen if not send.campaign.is_continuous),
        findings=findings,
        partners=sends_of_findings(findings),
        experiments=[each for each in experiments if chosen.keeps_campaign(each, audiences)],
    )


def sends_of(period: Period, zone: ZoneInfo) -> QuerySet[Send]:
    """By the wall-clock date where they go at each customer's hour, by the workspace's date otherwise."""
    start, end = period.bounds(zone)
    first, after = period.days[0].isoformat(), (period.days[-1] + A_DAY).isoformat()
    local = Q(local_due__gte=first, local_due__lt=after)
    near = Q(due_at__gte=start - WIDEST_ZONE_GAP, due_at__lt=end + WIDEST_ZONE_GAP)
    within = near & (local | Q(local_due="", due_at__gte=start, due_at__lt=end))
    sends = Send.objects.filter(within).only(*SEND).order_by("due_at", "id")
    return sends.annotate(is_handed_over=is_handed_over("campaign"))


def campaigns_of(ids: Iterable[int]) -> dict[int, Campaign]:
    return {each.pk: each for each in Campaign.objects.only(*CAMPAIGN, *GOAL).filter(pk__in=set(ids))}


def audiences_of(campaign_ids: Collection[int]) -> Audiences:
    """By campaign: the segments that it includes, by id, in the order of their names."""
    audiences: Audiences = defaultdict(dict)
    pairs = Campaign.include.through.objects.filter(campaign__in=campaign_ids).order_by("segment__name")
    for campaign_id, segment_id, name in pairs.values_list("campaign_id", "segment_id", "segment__name"):
        audiences[campaign_id][segment_id] = name
    return audiences


def give_campaigns(findings: Iterable[Finding], campaigns: dict[int, Campaign]) -> None:
    """Their two campaigns to findings; those that are not of the period are read, and added to `campaigns`."""
    named = {pk for finding in findings for pk in (finding.first_id, finding.second_id)}
    campaigns |= campaigns_of(named - campaigns.keys())
    for finding in findings:
        finding.first, finding.second = campaigns[finding.first_id], campaigns[finding.second_id]


def give_teams(campaigns: Iterable[Campaign], teams: Iterable[Team]) -> None:
    by_id = {team.pk: team for team in teams}
    for each in campaigns:
        each.team = by_id[each.team_id]


def give_names(campaigns: Collection[Campaign], milestones: Iterable[Milestone]) -> None:
    """Owner and milestone, without a query for each."""
    owner_ids = {each.owner_id for each in campaigns if each.owner_id}
    owners = User.objects.only("username", "first_name", "last_name").in_bulk(owner_ids)
    by_id = {each.pk: each for each in milestones}
    for each in campaigns:
        each.owner = owners.get(each.owner_id or 0)
        each.milestone = by_id.get(each.milestone_id or 0)


def open_findings(campaign_ids: Iterable[int], user: Person) -> QuerySet[Finding]:
    ids = list(campaign_ids)
    either = Q(first__in=ids) | Q(second__in=ids)
    return seen_findings(user, Finding.objects.filter(either, state=Finding.State.OPEN)).order_by("-shared", "id")


def sends_of_findings(findings: list[Finding]) -> dict[int, Send]:
    """The sends that findings name, by id: a partner may stand in the week before or after."""
    ids = {send_id for finding in findings for pair in finding.sends for send_id in pair}
    sends = Send.objects.only("campaign_id", "due_at", "local_due").filter(pk__in=ids)
    return {send.pk: send for send in sends}


def people_at_cap(send_ids: Iterable[int]) -> int:
    """Distinct customers whom a cap kept from at least one of these dated sends, so far."""
    sets = Withheld.objects.filter(send__in=list(send_ids), reason=Withheld.Reason.CAPPED)
    people = BitMap()
    for members in sets.values_list("members", flat=True).iterator():
        people |= load(members)
    return len(people)


def experiments_ending(period: Period, user: Person) -> QuerySet[Campaign]:
    ending = Campaign.objects.filter(experiment_ends__range=(period.days[0], period.days[-1]), is_template=False)
    on = ending.filter(seen_by(user)).exclude(status=Campaign.Status.CANCELLED)
    return on.only(*CAMPAIGN, *GOAL).order_by("experiment_ends", "id")


def _count(rows: Iterable[tuple[int, str, int]]) -> Counts:
    counts: Counts = defaultdict(Counter)
    for send_id, name, number in rows:
        counts[send_id][name] += number
    return counts
