from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from pyroaring import BitMap

from audiences.bitmaps import load
from audiences.models import AttributeName, Customer, Segment, SegmentRefresh
from audiences.queries import segments as queries
from audiences.queries.segments import members
from audiences.rules import RuleError
from audiences.services.segments import (
    add_to_list,
    count_matching,
    refresh_all,
    refresh_each,
    refresh_segment,
    remove_from_list,
)
from tests.builders import NOW, make_customer, make_customers

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def pro() -> Segment:
    AttributeName.objects.create(name="plan")
    return Segment.objects.create(slug="pro", name="Pro", rule={"attribute": "plan", "is": "pro"})


def change_plan(customer: Customer, plan: str) -> None:
    Customer.objects.filter(pk=customer.pk).update(attributes={"plan": plan})


def told(refresh: SegmentRefresh | None) -> dict[str, Any] | None:
    if refresh is None:
        return None
    return {
        "entered": set(load(refresh.entered)),
        "left": set(load(refresh.left)),
        "size": refresh.size,
        "is_first": refresh.is_first,
    }


def test_nobody_enters_at_the_first_refresh(pro: Segment) -> None:
    customer = make_customer(attributes={"plan": "pro"})
    assert told(refresh_segment(pro.pk, NOW)) == {"entered": set(), "left": set(), "size": 1, "is_first": True}
    assert members(pro.pk) == BitMap([customer.pk])


def test_a_refresh_tells_who_entered_and_who_left(pro: Segment) -> None:
    stays, leaves, enters = make_customers(3, attributes={"plan": "pro"})
    change_plan(enters, "free")
    refresh_segment(pro.pk, NOW)
    change_plan(leaves, "free")
    change_plan(enters, "pro")
    assert told(refresh_segment(pro.pk, LATER)) == {
        "entered": {enters.pk},
        "left": {leaves.pk},
        "size": 2,
        "is_first": False,
    }
    assert members(pro.pk) == BitMap([stays.pk, enters.pk])


def test_only_the_newest_refresh_keeps_the_members(pro: Segment) -> None:
    refresh_segment(pro.pk, NOW)
    make_customer(attributes={"plan": "pro"})
    refresh_segment(pro.pk, LATER)
    kept = [len(load(stored)) for stored in pro.refreshes.order_by("id").values_list("members", flat=True)]
    assert kept == [0, 1]
    assert bytes(pro.refreshes.earliest("id").members) == b""


def test_a_refresh_without_a_change_makes_no_row_and_says_when_it_looked(pro: Segment) -> None:
    make_customer(attributes={"plan": "pro"})
    refresh_segment(pro.pk, NOW)
    assert refresh_segment(pro.pk, LATER) is None
    pro.refresh_from_db()
    assert (pro.refreshes.count(), pro.size, pro.refreshed_at) == (1, 1, LATER)


def test_an_empty_first_refresh_is_a_first_refresh(pro: Segment) -> None:
    assert told(refresh_segment(pro.pk, NOW)) == {"entered": set(), "left": set(), "size": 0, "is_first": True}
    customer = make_customer(attributes={"plan": "pro"})
    assert told(refresh_segment(pro.pk, LATER)) == {
        "entered": {customer.pk},
        "left": set(),
        "size": 1,
        "is_first": False,
    }


def test_a_rule_that_no_longer_works_keeps_the_members_and_says_why(pro: Segment) -> None:
    customer = make_customer(attributes={"plan": "pro"})
    refresh_segment(pro.pk, NOW)
    Segment.objects.filter(pk=pro.pk).update(rule={"segment": "gone"})
    assert refresh_segment(pro.pk, LATER) is None
    pro.refresh_from_db()
    assert pro.refresh_error == "segment: there is no segment “gone”. There is “pro”."
    assert (members(pro.pk), pro.refreshed_at) == (BitMap([customer.pk]), NOW)


def test_a_mended_rule_takes_the_error_away(pro: Segment) -> None:
    Segment.objects.filter(pk=pro.pk).update(refresh_error="broken")
    refresh_segment(pro.pk, NOW)
    pro.refresh_from_db()
    assert pro.refresh_error == ""


def test_one_bad_segment_does_not_hold_up_the_others(pro: Segment) -> None:
    Segment.objects.create(slug="bad", name="Bad", rule={"did": 1})
    assert [refresh.segment for refresh in refresh_all(NOW)] == [pro]


def test_a_segment_that_uses_another_needs_no_order(pro: Segment) -> None:
    outer = Segment.objects.create(slug="outer", name="Outer", rule={"not": {"segment": "pro"}})
    make_customer(attributes={"plan": "pro"})
    free = make_customer()
    refresh_segment(outer.pk, NOW)
    assert members(outer.pk) == BitMap([free.pk])


def test_an_erased_customer_leaves_at_the_next_refresh(pro: Segment) -> None:
    customer = make_customer(attributes={"plan": "pro"})
    refresh_segment(pro.pk, NOW)
    Customer.objects.filter(pk=customer.pk).update(erased_at=NOW)
    refresh = refresh_segment(pro.pk, LATER)
    assert refresh is not None
    assert set(load(refresh.left)) == {customer.pk}


def test_a_list_takes_known_customers_and_names_the_unknown() -> None:
    first, second, gone = make_customer(), make_customer(), make_customer(erased_at=NOW)
    listed = Segment.objects.create(slug="vips", name="VIPs", kind="list")
    change = add_to_list(listed.pk, [first.external_id, "nobody", first.external_id, gone.external_id], NOW)
    assert (change.added, change.unknown) == (1, ("nobody", gone.external_id))
    assert add_to_list(listed.pk, [first.external_id, second.external_id], NOW).added == 1
    assert members(listed.pk) == BitMap([first.pk, second.pk])
    assert remove_from_list(listed.pk, [first.external_id, "nobody"], LATER) == 1
    assert members(listed.pk) == BitMap([second.pk])


def test_a_rule_is_counted_without_being_saved(pro: Segment) -> None:
    make_customer(attributes={"plan": "pro"})
    assert count_matching({"attribute": "plan", "is": "pro"}, NOW) == 1
    with pytest.raises(RuleError, match="goes in a circle: “pro” uses “pro”"):
        count_matching({"segment": "pro"}, NOW, slug="pro")


@pytest.mark.parametrize("count", [1, 3])
def test_a_refresh_costs_the_same_statements_for_one_and_for_three(
    pro: Segment, count: int, django_assert_num_queries: Any
) -> None:
    refresh_segment(pro.pk, NOW)
    make_customers(count, attributes={"plan": "pro"})
    # PostgreSQL is given memory for the statement first.
    with django_assert_num_queries(15 + (connection.vendor == "postgresql")):
        refresh_segment(pro.pk, LATER)


def test_a_refresh_is_of_its_own_moment_however_long_the_ones_before_it_took(pro: Segment) -> None:
    outer = Segment.objects.create(slug="outer", name="Outer", rule={"segment": "pro"})
    moments = iter([NOW, NOW + timedelta(minutes=10)])
    refresh_each(lambda: next(moments))
    assert sorted(Segment.objects.values_list("pk", "refreshed_at")) == [
        (pro.pk, NOW),
        (outer.pk, NOW + timedelta(minutes=10)),
    ]


def test_a_segment_that_cannot_be_read_at_all_does_not_hold_up_the_others(
    pro: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    heavy = Segment.objects.create(slug="heavy", name="Heavy", kind="list")
    Segment.objects.filter(pk=pro.pk).update(refreshed_at=NOW)

    def time_out(segment_id: int) -> None:
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(queries, "listed", time_out)
    assert [refresh.segment for refresh in refresh_all(NOW)] == [pro]
    assert not heavy.refreshes.exists()
