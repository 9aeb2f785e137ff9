from .inbox import InboxItem
from .ledger import Delivery, ShardAdmission, Withheld
from .rules import Cap, QuietHours
from .running import Breaker, Heartbeat

__all__ = ["Breaker", "Cap", "Delivery", "Heartbeat", "InboxItem", "QuietHours", "ShardAdmission", "Withheld"]
