from .inbox import InboxItem
from .ledger import Delivery, ShardAdmission, Tally, Withheld
from .rules import Cap, QuietHours
from .running import Breaker, Heartbeat

__all__ = ["Breaker", "Cap", "Delivery", "Heartbeat", "InboxItem", "QuietHours", "ShardAdmission", "Tally", "Withheld"]
