"""Items about private campaigns, for those who may not see them: left out, or told with no more than a veil tells."""

from copy import copy

from django.conf import settings
from django.contrib.auth.models import User

from campaigns.models import AgendaItem, Decision, Finding
from campaigns.overlap import MEDIUM
from campaigns.rights import can_see


def is_shown(item: AgendaItem, user: User) -> bool:
    """Where one of its campaigns may be seen. A finding beside a private one only where it would be crowding."""
    seen = [can_see(user, each) for each in (item.campaign, item.other) if each is not None]
    return all(seen) or (any(seen) and _is_crowding(item))


def veil_item(item: AgendaItem) -> AgendaItem:
    """As `campaigns.veils.veil_finding`: how many are in both, and which channels; not to be saved."""
    veil, facts = copy(item), item.facts
    kept = {"whens", "shared", "percent", "is_estimated"}
    severity = Finding.Severity.MEDIUM if facts["percent"] >= MEDIUM else Finding.Severity.LOW
    veil.facts = {
        **{name: value for name, value in facts.items() if name in kept},
        "kind": Finding.Kind.CROWDING.value,
        "severity": severity.value,
        "axes": [axis for axis in facts["axes"] if axis.startswith("channel:")],
    }
    return veil


def veil_decision(decision: Decision | None) -> Decision | None:
    """That it was decided, by whom and when; not what its team had to say, nor what it did; not to be saved."""
    if decision is None:
        return None
    veil = copy(decision)
    veil.reason, veil.did = "", "settled"
    return veil


def _is_crowding(item: AgendaItem) -> bool:
    facts = item.facts
    is_finding = item.about == AgendaItem.About.FINDING
    return is_finding and (
        facts["shared"] >= settings.CROWDING_PEOPLE and facts["percent"] >= settings.CROWDING_PERCENT
    )
