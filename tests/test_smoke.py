import pytest
from tests.builders import make_campaign, make_customers, make_segment

pytestmark = pytest.mark.django_db


def test_x():
    c = make_campaign([make_segment(make_customers(3))])
    assert c.include.get().size == 3
