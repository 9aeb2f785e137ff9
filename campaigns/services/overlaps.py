"""The overlap checker: every pair of campaigns is compared, and what they share is written down as findings."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.models import Finding
from campaigns.queries.findings import found_among
from campaigns.queries.sides import Checked, checked_campaigns
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.rights import can_plan

KINDS = (Finding.Kind.DUPLICATE, Finding.Kind.CROWDING)
FACTS = (
    "severity",
    "sends",
    "sends_total",
    "shared",
    "percent_of_first",
    "percent_of_second",
    "axes",
    "is_estimated",
    "inputs",
)


def check_overlaps(now: datetime, campaign_id: int | None = None) -> int:
    """Compare every pair (or one campaign with all others) and write the findings; how many are open now.

    A constant number of queries. Checking again changes nothing but `checked_at`. Two checks at once, or a check and
    somebody who acknowledges, queue on the rows of the findings; a pair that both find new is one row by its key.
    """
    checked = checked_campaigns(now)
    found = {finding.key: finding for finding in _findings(checked, campaign_id, now)}
    with transaction.atomic():
        known = {finding.key: finding for finding in _checked_before(campaign_id).order_by("pk").select_for_update()}
        _write(found.values(), known, now)
        _resolve([finding for key, finding in known.items() if key not in found], now)
    return Finding.objects.filter(state=Finding.State.OPEN).count()


def acknowledge(finding_id: int, by: User | None, reason: str, now: datetime) -> None:
    """Leave an open finding as it is, with a reason. It stays so until what it was made from changes."""
    finding = Finding.objects.select_related("first__team", "second__team").get(pk=finding_id)
    if not (can_plan(by, finding.first.team) or can_plan(by, finding.second.team)):
        raise NotAllowed("Only planners and approvers of one of the two teams can acknowledge this finding.")
    if not reason.strip():
        raise NotAllowed("Say why it may stay as it is: the others will read it in the review.")
    updated = Finding.objects.filter(pk=finding_id, state=Finding.State.OPEN).update(
        state=Finding.State.ACKNOWLEDGED,
        acknowledged_by=by,
        acknowledged_reason=reason.strip()[:300],
        acknowledged_at=now,
    )
    if not updated:
        raise StaleChange("This finding is not open any more.")


def reopen(finding_id: int, acknowledged_at: datetime, by: User | None) -> None:
    """Take back the acknowledgement of that moment; not one that came after it."""
    finding = Finding.objects.select_related("first__team", "second__team").get(pk=finding_id)
    if not (can_plan(by, finding.first.team) or can_plan(by, finding.second.team)):
        raise NotAllowed("Only planners and approvers of one of the two teams can open this finding again.")
    updated = Finding.objects.filter(
        pk=finding_id, state=Finding.State.ACKNOWLEDGED, acknowledged_at=acknowledged_at
    ).update(state=Finding.State.OPEN, acknowledged_by=None, acknowledged_reason="", acknowledged_at=None)
    if not updated:
        raise StaleChange("This finding has been settled otherwise since.")


def _findings(checked: list[Checked], campaign_id: int | None, now: datetime) -> Iterator[Finding]:
    inputs = {each.side.campaign_id: each.inputs for each in checked}
    for key, each in found_among([each.side for each in checked], campaign_id).items():
        found = each.overlap
        yield Finding(
            key=key,
            kind=found.kind,
            severity=found.severity,
            first_id=each.first,
            second_id=each.second,
            sends=[list(pair) for pair in found.sends],
            sends_total=found.sends_total,
            shared=found.shared,
            percent_of_first=found.percent_of_first,
            percent_of_second=found.percent_of_second,
            axes=list(found.axes),
            is_estimated=found.is_estimated,
            # Graver than before is a change too; one customer more or less is not.
            inputs=sha256(f"{inputs[each.first]} {inputs[each.second]} {found.severity}".encode()).hexdigest(),
            found_at=now,
            checked_at=now,
        )


def _checked_before(campaign_id: int | None) -> QuerySet[Finding]:
    findings = Finding.objects.filter(kind__in=KINDS)
    if campaign_id is None:
        return findings
    return findings.filter(Q(first=campaign_id) | Q(second=campaign_id))


def _write(found: Iterable[Finding], known: dict[str, Finding], now: datetime) -> None:
    """Insert what is new, update what differs, reopen what was settled on other grounds."""
    found = list(found)
    changed = [finding for finding in found if _differs(finding, known.get(finding.key))]
    Finding.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["key"], update_fields=[*FACTS, "checked_at"]
    )
    same = [known[finding.key].pk for finding in found if finding.key in known]
    Finding.objects.filter(pk__in=same).update(checked_at=now)
    reopened = [known[finding.key].pk for finding in found if _is_reopened(finding, known.get(finding.key))]
    Finding.objects.filter(pk__in=reopened).update(
        state=Finding.State.OPEN, found_at=now, acknowledged_by=None, acknowledged_reason="", acknowledged_at=None
    )


def _differs(finding: Finding, before: Finding | None) -> bool:
    if before is None:
        return True
    return any(_plain(getattr(finding, name)) != _plain(getattr(before, name)) for name in FACTS)


def _plain(value: object) -> object:
    """A percentage comes back from the database as a Decimal."""
    return value if isinstance(value, str | list | bool) else float(str(value))


def _is_reopened(finding: Finding, before: Finding | None) -> bool:
    if before is None or before.state == Finding.State.OPEN:
        return False
    return before.state == Finding.State.RESOLVED or before.inputs != finding.inputs


def _resolve(gone: Iterable[Finding], now: datetime) -> None:
    ids = [finding.pk for finding in gone if finding.state != Finding.State.RESOLVED]
    Finding.objects.filter(pk__in=ids).update(state=Finding.State.RESOLVED, checked_at=now)
