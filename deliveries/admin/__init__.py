"""The admin of this floor: the ledger, caps, quiet hours, suppressions, and how the engine is doing."""

from . import ledger, rules, running, suppressions

__all__ = ["ledger", "rules", "running", "suppressions"]
