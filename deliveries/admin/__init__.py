"""The admin of this floor: the ledger, caps, quiet hours and suppressions."""

from . import ledger, rules, suppressions

__all__ = ["ledger", "rules", "suppressions"]
