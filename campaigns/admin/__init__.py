"""The admin of this floor: campaigns and what follows from them, teams, users, and who may do what."""

from . import calendars, campaigns, feeds, findings, reviews, sends, teams, users
from .permissions import declare_permissions

declare_permissions()

__all__ = ["calendars", "campaigns", "feeds", "findings", "reviews", "sends", "teams", "users"]
