"""Who may change what: planners plan for their team, approvers approve; everybody in the workspace may look."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User

from campaigns.models import Membership, Team

PLANNING = (Membership.Role.PLANNER, Membership.Role.APPROVER)
APPROVING = (Membership.Role.APPROVER,)
Person = User | AbstractBaseUser | AnonymousUser | None


def can_plan(user: Person, team: Team) -> bool:
    """May write campaigns of the team, ask for approval, pause and cancel. Nobody (`None`) is the system itself."""
    return _has_role(user, team, PLANNING)


def can_approve(user: Person, team: Team) -> bool:
    return _has_role(user, team, APPROVING)


def teams_planned_by(user: Person) -> set[int]:
    """The teams whose campaigns they may write, for pages with campaigns of many; at most one query."""
    if user is None or not user.is_active or user.is_anonymous:
        return set()
    if getattr(user, "is_superuser", False):
        return set(Team.objects.values_list("pk", flat=True))
    return set(Membership.objects.filter(user_id=user.pk, role__in=PLANNING).values_list("team_id", flat=True))


def _has_role(user: Person, team: Team, roles: tuple[Membership.Role, ...]) -> bool:
    if user is None:
        return True
    if not user.is_active or user.is_anonymous:
        return False
    if getattr(user, "is_superuser", False):
        return True
    return Membership.objects.filter(team=team, user_id=user.pk, role__in=roles).exists()
