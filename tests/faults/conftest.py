"""What tests of faults share with those of dispatch."""

from tests.deliveries.conftest import memory

__all__ = ["memory"]
