"""What is left of a private campaign for those who may not see it: a busy block of its team, at its time.

A veil is built from what may be seen, never cut from what may not: a field that comes later is hidden until somebody
puts it in here on purpose. Where the name of a campaign stands, a veil says “a private campaign of Product”.
"""

from collections.abc import Iterable
from dataclasses import replace

from django.conf import settings
from django.db.models import Case, CharField, F, Q, QuerySet, Value, When

from audiences.models import Segment
from campaigns.models import Campaign, Finding, Send
from campaigns.overlap import MEDIUM, Overlap
from campaigns.rights import Person, can_see, seen_by

OVER = (Send.State.CANCELLED, Send.State.MISSED)
# What everybody may know of a send besides its size: when it is, and that a calendar program has to look again.
OF_A_SEND = ("id", "due_at", "local_due", "sequence", "changed_at")
Kind, Severity = Finding.Kind, Finding.Severity


def veiled(user: Person, campaign: Campaign) -> Campaign:
    """The campaign itself, or its veil. Its team is read along with it."""
    return campaign if can_see(user, campaign) else _veil(campaign)


def spoken(user: Person, campaign: Campaign) -> str:
    """Its name in a sentence: “Trial ending”, in its quotes, or a private campaign of Product."""
    return f"“{campaign.name}”" if can_see(user, campaign) else _private(campaign)


def veil_sends(user: Person, sends: Iterable[Send]) -> list[Send]:
    """Every send, or the veil of it; what is over of a private campaign keeps nobody busy and is left out."""
    given = ((send, can_see(user, send.campaign)) for send in sends)
    return [send if is_seen else _veil_of_send(send) for send, is_seen in given if is_seen or send.state not in OVER]


def seen_findings(user: Person, findings: QuerySet[Finding]) -> QuerySet[Finding]:
    """Findings of which somebody may see one side at least; `veil_finding` says what of each.

    That two campaigns overlap follows from whom they are for; that they are about the same, from what the veil hides.
    So beside a private campaign a finding is crowding, and there is none where sharing so few would be no crowding.
    """
    first, second = seen_by(user, "first"), seen_by(user, "second")
    crowding = Q(shared__gte=settings.CROWDING_PEOPLE) & _percent_at_least(settings.CROWDING_PERCENT)
    return findings.filter((first & second) | ((first | second) & crowding)).annotate(
        shown_kind=_either(first & second, F("kind"), Value(Kind.CROWDING)),
        shown_severity=Case(
            When(first & second, then=F("severity")),
            When(_percent_at_least(MEDIUM), then=Value(Severity.MEDIUM)),
            default=Value(Severity.LOW),
            output_field=CharField(),
        ),
    )


def veil_finding(user: Person, finding: Finding) -> Finding:
    """A row of `seen_findings`, made to say no more than this person may know; not to be saved."""
    if can_see(user, finding.first) and can_see(user, finding.second):
        return finding
    finding.first, finding.second = veiled(user, finding.first), veiled(user, finding.second)
    finding.kind, finding.severity = finding.shown_kind, finding.shown_severity  # type: ignore[attr-defined]
    # The channels of a busy block are known; its topic and its goal are not, nor what its team had to say.
    finding.axes = [axis for axis in finding.axes if axis.startswith("channel:")]
    finding.acknowledged_by, finding.acknowledged_reason = None, ""
    return finding


def is_crowding(overlap: Overlap) -> bool:
    """Whether a finding beside a private campaign would be one, were it about the people alone."""
    percent = max(overlap.percent_of_first, overlap.percent_of_second)
    return overlap.shared >= settings.CROWDING_PEOPLE and percent >= settings.CROWDING_PERCENT


def veil_overlap(overlap: Overlap) -> Overlap:
    """`veil_finding` for one that is not written down (yet)."""
    percent = max(overlap.percent_of_first, overlap.percent_of_second)
    severity = Severity.MEDIUM if percent >= MEDIUM else Severity.LOW
    channels = tuple(axis for axis in overlap.axes if axis.startswith("channel:"))
    return replace(overlap, kind=Kind.CROWDING.value, severity=severity.value, axes=channels)


def _veil(campaign: Campaign) -> Campaign:
    veil = Campaign(
        pk=campaign.pk,
        name=_private(campaign),
        team=campaign.team,
        is_private=True,
        channels=list(campaign.channels),
        # Whether it goes out every day; not what sets it off.
        trigger=Campaign.Trigger.EVENT if campaign.is_continuous else Campaign.Trigger.AT,
        status=Campaign.Status.APPROVED,
    )
    veil.is_veiled = True
    # What is asked of it is answered at once: it has no segments.
    veil._prefetched_objects_cache = {"include": Segment.objects.none(), "exclude": Segment.objects.none()}  # type: ignore[attr-defined]
    return veil


def _veil_of_send(send: Send) -> Send:
    veil = Send(**{name: getattr(send, name) for name in OF_A_SEND}, campaign=_veil(send.campaign))
    # The frozen size where there is one; not whether there is.
    veil.expected_volume = send.audience_size or send.expected_volume
    # The day of a continuous campaign; the slot of a dated one would tell where it stood before it was moved.
    veil.slot = send.slot if send.campaign.is_continuous else ""
    return veil


def _private(campaign: Campaign) -> str:
    return f"a private campaign of {campaign.team}"


def _either(condition: Q, one: F, other: Value) -> Case:
    return Case(When(condition, then=one), default=other, output_field=CharField())


def _percent_at_least(percent: float) -> Q:
    return Q(percent_of_first__gte=percent) | Q(percent_of_second__gte=percent)
