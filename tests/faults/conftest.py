"""What tests of faults share with those of dispatch, and with each other."""

from collections.abc import Iterator

import pytest

from tests.deliveries.conftest import memory
from tests.faults.processes import Processes
from tests.faults.processes import processes as started

__all__ = ["memory"]


@pytest.fixture
def processes(transactional_db: None) -> Iterator[Processes]:
    """Ended before the database is emptied, which waits for whoever is in it."""
    with started() as running:
        yield running
