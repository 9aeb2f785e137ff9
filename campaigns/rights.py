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


def can_plan_somewhere(user: Person) -> bool:
    """May write what belongs to the workspace and not to one team, such as the calendars that are imported."""
    return _has_any_role(user, PLANNING)


def leads_reviews(user: Person) -> bool:
    """May open and close the weekly review: approvers of any team."""
    return _has_any_role(user, APPROVING)


def teams_planned_by(user: Person) -> set[int]:
    """The ids of the teams whose campaigns this person may write; in one query, for pages that show many."""
    if user is None or (user.is_active and getattr(user, "is_superuser", False)):
        return set(Team.objects.values_list("pk", flat=True))
    if not user.is_active or user.is_anonymous:
        return set()
    return set(Membership.objects.filter(user_id=user.pk, role__in=PLANNING).values_list("team_id", flat=True))


def _has_role(user: Person, team: Team, roles: tuple[Membership.Role, ...]) -> bool:
    if user is None:
        return True
    if not user.is_active or user.is_anonymous:
        return False
    if getattr(user, "is_superuser", False):
        return True
    return Membership.objects.filter(team=team, user_id=user.pk, role__in=roles).exists()


def _has_any_role(user: Person, roles: tuple[Membership.Role, ...]) -> bool:
    if user is None:
        return True
    if not user.is_active or user.is_anonymous:
        return False
    is_admin = bool(getattr(user, "is_superuser", False))
    return is_admin or Membership.objects.filter(user_id=user.pk, role__in=roles).exists()
