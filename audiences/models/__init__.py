from .consent import Subscription, Suppression, Topic
from .customers import AttributeName, Customer
from .events import Event, EventName
from .holds import Hold
from .imports import ImportRun
from .segments import ListMember, Segment, SegmentRefresh
from .workspace import Workspace

__all__ = [
    "AttributeName",
    "Customer",
    "Event",
    "EventName",
    "Hold",
    "ImportRun",
    "ListMember",
    "Segment",
    "SegmentRefresh",
    "Subscription",
    "Suppression",
    "Topic",
    "Workspace",
]
