from .approvals import SectionApproval
from .campaigns import Campaign, CampaignVersion, HistoryEntry
from .feeds import Feed
from .findings import Finding
from .messages import Message
from .sends import Firing, Send, TriggerCursor
from .teams import Membership, Milestone, Team

__all__ = [
    "Campaign",
    "CampaignVersion",
    "Feed",
    "Finding",
    "Firing",
    "HistoryEntry",
    "Membership",
    "Message",
    "Milestone",
    "SectionApproval",
    "Send",
    "Team",
    "TriggerCursor",
]
