from .calendars import CalendarEntry, ImportedCalendar
from .campaigns import Campaign, CampaignVersion, HistoryEntry
from .feeds import Feed
from .findings import Finding
from .messages import Message
from .saved_views import SavedView
from .sends import Firing, Send, TriggerCursor
from .teams import Membership, Milestone, Team

__all__ = [
    "CalendarEntry",
    "Campaign",
    "CampaignVersion",
    "Feed",
    "Finding",
    "Firing",
    "HistoryEntry",
    "ImportedCalendar",
    "Membership",
    "Message",
    "Milestone",
    "SavedView",
    "Send",
    "Team",
    "TriggerCursor",
]
