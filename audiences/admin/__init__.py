"""The admin of this floor: workspace, customers, events, topics, subscriptions, holds, segments, imports and API keys.

Suppressions are added and lifted by `deliveries.admin`: whoever is suppressed loses their open deliveries with it.
"""

from . import api_keys, consent, customers, events, holds, imports, segments, workspace

__all__ = ["api_keys", "consent", "customers", "events", "holds", "imports", "segments", "workspace"]
