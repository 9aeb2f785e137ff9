"""Who may see and change what: planners plan for their team, approvers approve; the plan is open to the workspace, but
for the campaigns that are marked private."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q

from campaigns.models import Campaign, Membership, Team

PLANNING = (Membership.Role.PLANNER, Membership.Role.APPROVER)
APPROVING = (Membership.Role.APPROVER,)
Person = User | AbstractBaseUser | AnonymousUser | None


def can_plan(user: Person, team: Team) -> bool:
    """May write campaigns of the team, ask for approval, pause and cancel. Nobody (`None`) is the system itself."""
    return _has_role(user, team, PLANNING)


def can_approve(user: Person, team: Team) -> bool:
    return _has_role(user, team, APPROVING)


def can_plan_somewhere(user: Person) -> bool:
    """May change what belongs to the workspace and not to one team: put customers on hold and opt them out, import
    calendars."""
    return _has_any_role(user, PLANNING)


def leads_reviews(user: Person) -> bool:
    """May open and close the weekly review: approvers of any team."""
    return _has_any_role(user, APPROVING)


def teams_planned_by(user: Person) -> set[int]:
    """The ids of the teams whose campaigns this person may write; one query at most, for pages that show many."""
    if sees_everything(user):
        return set(Team.objects.values_list("pk", flat=True))
    return {team_id for team_id, role in roles_of(user).items() if role in PLANNING}


def can_see(user: Person, campaign: Campaign) -> bool:
    """A private campaign is seen by its team in any role, its owner and workspace admins; any other by everybody.

    Whoever may not see it is shown `campaigns.veils` of it at most.
    """
    if not campaign.is_private or sees_everything(user):
        return True
    is_owner = user is not None and user.pk is not None and campaign.owner_id == user.pk
    return is_owner or campaign.team_id in roles_of(user)


def seen_by(user: Person, at: str = "") -> Q:
    """`can_see` as a condition on campaigns, or on rows that lead to one: `seen_by(user, "send__campaign")`."""
    at = f"{at}__" if at else ""
    if sees_everything(user):
        # Never an empty condition: `Q() | narrower` would be the narrower one.
        return Q(**{f"{at}pk__isnull": False})
    seen = Q(**{f"{at}is_private": False})
    if user is None or user.pk is None:
        # An owner who is nobody is not the owner of what has none.
        return seen
    return seen | Q(**{f"{at}team__in": list(roles_of(user))}) | Q(**{f"{at}owner": user.pk})


def sees_everything(user: Person) -> bool:
    """Workspace admins; nobody (`None`) is the system itself."""
    return user is None or (user.is_active and bool(getattr(user, "is_superuser", False)))


def roles_of(user: Any) -> dict[int, str]:
    """Team id → role; asked of the database once per request, however many campaigns a page holds."""
    if user is None or not user.is_active or user.pk is None:
        return {}
    if not hasattr(user, "_team_roles"):
        roles = dict(Membership.objects.filter(user_id=user.pk).values_list("team_id", "role"))
        user._team_roles = roles
    found: dict[int, str] = user._team_roles
    return found


def _has_role(user: Person, team: Team, roles: tuple[Membership.Role, ...]) -> bool:
    if user is None:
        return True
    if not user.is_active or user.is_anonymous:
        return False
    if getattr(user, "is_superuser", False):
        return True
    return Membership.objects.filter(team=team, user_id=user.pk, role__in=roles).exists()


def _has_any_role(user: Person, roles: tuple[Membership.Role, ...]) -> bool:
    return sees_everything(user) or any(role in roles for role in roles_of(user).values())
