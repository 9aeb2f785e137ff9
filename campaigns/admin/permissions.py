"""What a member of any team may do in the admin without hand-assigned permissions, as a table.

The plan is open to the whole workspace: whoever may sign in sees all of it. Writing needs the role of a planner in
some team; *whose* campaign may be written is asked of `campaigns.rights`, row by row. Workspace, caps, quiet hours,
breakers, teams and users are for superusers, or for those to whom a permission was given by hand.
"""

from typing import Any

import rules

from campaigns.models import Membership
from campaigns.rights import PLANNING, can_see, roles_of

SEEN_BY_STAFF = {
    "audiences": (
        "workspace", "customer", "event", "topic", "subscription", "suppression", "segment", "segmentrefresh",
        "listmember", "importrun", "hold",
    ),
    "campaigns": (
        "campaign", "message", "milestone", "team", "membership", "send", "firing", "finding", "feed", "historyentry",
        "campaignversion", "importedcalendar", "calendarentry", "review",
    ),
    "deliveries": ("delivery", "withheld", "cap", "quiethours", "inboxitem", "breaker", "heartbeat"),
}  # fmt: skip
WRITTEN_BY_PLANNERS = (
    "audiences.add_segment",
    "audiences.change_segment",
    "audiences.delete_segment",
    "audiences.add_importrun",
    "audiences.change_importrun",
    "audiences.add_suppression",
    "audiences.delete_suppression",
    "audiences.add_topic",
    "audiences.change_topic",
    "campaigns.add_campaign",
    "campaigns.change_campaign",
    "campaigns.add_message",
    "campaigns.change_message",
    "campaigns.delete_message",
    "campaigns.change_finding",
    "campaigns.add_importedcalendar",
    "campaigns.change_importedcalendar",
    "campaigns.delete_importedcalendar",
)
WRITTEN_BY_STAFF = ("campaigns.add_feed", "campaigns.change_feed")


@rules.predicate
def is_staff(user: Any) -> bool:
    return bool(user.is_active and user.is_staff)


@rules.predicate
def plans_somewhere(user: Any) -> bool:
    return any(role in PLANNING for role in roles_of(user).values())


@rules.predicate
def sees_this_one(user: Any, campaign: Any = None) -> bool:
    """Asked about no campaign in particular: whoever may look at any."""
    return campaign is None or can_see(user, campaign)


def teams_planned_by(user: Any) -> list[int]:
    return [team for team, role in roles_of(user).items() if role != Membership.Role.VIEWER]


def declare_permissions() -> None:
    """Tell the permission backend; once, when the admin is loaded."""
    for app, models in SEEN_BY_STAFF.items():
        rules.set_perm(app, is_staff)
        for model in models:
            rules.set_perm(f"{app}.view_{model}", is_staff & sees_this_one if model == "campaign" else is_staff)
    for permission in WRITTEN_BY_PLANNERS:
        rules.set_perm(permission, is_staff & plans_somewhere)
    for permission in WRITTEN_BY_STAFF:
        rules.set_perm(permission, is_staff)
