"""The rules that hold for every campaign, as plain values: caps, quiet hours, the workspace's zone and holdout."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from audiences.models import Workspace
from audiences.zones import zone_or
from deliveries.caps import CapRule, Reach
from deliveries.models import Cap, QuietHours
from deliveries.quiet_hours import QuietPeriod


@dataclass(frozen=True)
class WorkspaceRules:
    """Read once per decision, under the lock."""

    caps: tuple[CapRule, ...]  # by id: the order in which they are named
    quiet: dict[str, QuietPeriod]  # by channel
    zone: ZoneInfo
    salt: str
    holdout_percent: Decimal

    def caps_over(self, reach: Reach) -> list[CapRule]:
        return [cap for cap in self.caps if cap.covers(reach)]

    def campaign_salt(self, campaign_id: int) -> str:
        return f"{self.salt}:{campaign_id}"


def workspace_rules() -> WorkspaceRules:
    """Three statements, whatever the number of rules."""
    workspace = Workspace.current()
    return WorkspaceRules(
        caps=tuple(map(cap_rule, Cap.objects.filter(is_active=True).order_by("id"))),
        quiet={each.channel: QuietPeriod(each.start, each.end) for each in QuietHours.objects.all()},
        zone=zone_or(workspace.timezone, "UTC"),
        salt=workspace.salt,
        holdout_percent=workspace.global_holdout_percent,
    )


def cap_rule(cap: Cap) -> CapRule:
    """Only the field that the scope names counts: a leftover in another one narrows nothing."""
    return CapRule(
        id=cap.pk,
        limit=cap.limit,
        length=timedelta(days=cap.days),
        kind=cap.kind,
        channel=cap.channel if cap.scope == Cap.Scope.CHANNEL else "",
        topic_id=cap.topic_id if cap.scope == Cap.Scope.TOPIC else None,
        team_id=cap.team_id if cap.scope == Cap.Scope.TEAM else None,
        name=cap.name,
    )
