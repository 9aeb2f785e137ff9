import threading

import pytest
from django.db import connection

from audiences.models import AttributeName, Segment, SegmentRefresh
from audiences.tasks import continue_imports, refresh_segments
from tests.builders import make_customer


@pytest.mark.django_db(transaction=True)
def test_two_refreshes_at_once_write_one_row() -> None:
    AttributeName.objects.create(name="plan")
    make_customer(attributes={"plan": "pro"})
    Segment.objects.create(slug="pro", name="Pro", rule={"attribute": "plan", "is": "pro"})
    at_once = threading.Barrier(2)

    def refresh() -> None:
        at_once.wait()
        refresh_segments()
        connection.close()

    threads = [threading.Thread(target=refresh) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(each.size, each.is_first) for each in SegmentRefresh.objects.all()] == [(1, True)]


@pytest.mark.django_db
def test_there_may_be_nothing_to_import() -> None:
    continue_imports()
