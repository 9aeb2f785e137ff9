from .approvals import SectionApproval
from .calendars import CalendarEntry, ImportedCalendar
from .campaigns import Campaign, CampaignVersion, HistoryEntry
from .feeds import Feed
from .findings import Finding
from .handoffs import Handoff, Retirement
from .mails import HandoffMail, MinutesMail
from .messages import Message
from .reviews import AgendaItem, Decision, Review
from .saved_views import SavedView
from .sends import Firing, Send, TriggerCursor
from .teams import Membership, Milestone, Team

__all__ = [
    "AgendaItem",
    "CalendarEntry",
    "Campaign",
    "CampaignVersion",
    "Decision",
    "Feed",
    "Finding",
    "Firing",
    "Handoff",
    "HandoffMail",
    "HistoryEntry",
    "ImportedCalendar",
    "Membership",
    "Message",
    "Milestone",
    "MinutesMail",
    "Retirement",
    "Review",
    "SavedView",
    "SectionApproval",
    "Send",
    "Team",
    "TriggerCursor",
]
