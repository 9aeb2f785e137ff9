from .campaigns import Campaign, CampaignVersion, HistoryEntry
from .feeds import Feed
from .findings import Finding
from .handoffs import Handoff, Retirement
from .messages import Message
from .reviews import AgendaItem, Decision, MinutesMail, Review
from .sends import Firing, Send, TriggerCursor
from .teams import Membership, Milestone, Team

__all__ = [
    "AgendaItem",
    "Campaign",
    "CampaignVersion",
    "Decision",
    "Feed",
    "Finding",
    "Firing",
    "Handoff",
    "HistoryEntry",
    "Membership",
    "Message",
    "Milestone",
    "MinutesMail",
    "Retirement",
    "Review",
    "Send",
    "Team",
    "TriggerCursor",
]
