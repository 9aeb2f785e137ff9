from .inbox import InboxItem
from .ledger import Delivery, ShardAdmission, Withheld
from .rules import Cap, QuietHours

__all__ = ["Cap", "Delivery", "InboxItem", "QuietHours", "ShardAdmission", "Withheld"]
