import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audiences.models import Customer, Event
from audiences.services.statistics import refresh_statistics

pytestmark = pytest.mark.django_db


@pytest.mark.only_on("postgresql")
def test_one_statement_for_all_tables_which_waits_for_nobody() -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        refresh_statistics(Customer, Event)
    assert [each["sql"] for each in asked] == ["ANALYZE (SKIP_LOCKED) audiences_customer, audiences_event"]


@pytest.mark.only_on("sqlite")
def test_nothing_is_asked_of_sqlite() -> None:
    with CaptureQueriesContext(connection) as asked:
        refresh_statistics(Customer)
    assert len(asked) == 0
