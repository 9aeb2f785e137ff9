"""The forecast as pages show it."""

from datetime import timedelta

import pytest

from audiences.models import Customer
from deliveries.models import Delivery, ShardAdmission, Withheld
from deliveries.queries.forecast import ChannelForecast, Part, forecast
from tests.builders import NOW, make_campaign
from tests.deliveries.scenes import SPREAD, admit_all, make_approved_send, make_cap, make_id_segment, make_spread

pytestmark = pytest.mark.django_db


def test_a_draft_is_forecast_over_all_shards_and_nothing_is_written() -> None:
    make_spread()
    Customer.objects.filter(pk__in=[255, 700]).update(email="")
    cap = make_cap(1)
    make_approved_send([256, 1024], NOW - timedelta(hours=1))
    admit_all(NOW - timedelta(hours=1))
    before = [model.objects.count() for model in (Delivery, Withheld, ShardAdmission)]
    draft = make_campaign([make_id_segment(SPREAD)])
    (told,) = forecast(draft, NOW, NOW)
    assert told == ChannelForecast("email", 6, 2, (Part("unreachable", "", 2), Part("capped", f"cap:{cap.pk}", 2)))
    assert told.by_reason == {"unreachable": 2, "capped": 2}
    assert before == [model.objects.count() for model in (Delivery, Withheld, ShardAdmission)]


def test_looking_ahead_counts_what_will_have_gone_out_by_then() -> None:
    make_spread()
    make_cap(1)
    between = make_approved_send([256], NOW + timedelta(hours=1), priority=10)
    draft = make_campaign([make_id_segment(SPREAD)], priority=90)
    (told,) = forecast(draft, NOW + timedelta(hours=2), NOW)
    assert told.withheld == (Part("yielded", f"campaign:{between.campaign_id}", 1),)


def test_looking_further_ahead_than_a_message_lives_counts_what_will_have_gone_out_by_then() -> None:
    make_spread()
    make_cap(1)
    earlier = make_approved_send([256], NOW + timedelta(hours=1), priority=90)
    draft = make_campaign([make_id_segment(SPREAD)])
    (told,) = forecast(draft, NOW + timedelta(days=3), NOW)
    assert told.withheld == (Part("yielded", f"campaign:{earlier.campaign_id}", 1),)


def test_an_audience_of_nobody_is_nobody_on_every_channel() -> None:
    draft = make_campaign([make_id_segment([])], channels=["email", "in_app"])
    assert [(each.channel, each.audience) for each in forecast(draft, NOW, NOW)] == [("email", 0), ("in_app", 0)]


def test_a_continuous_campaign_is_an_estimate() -> None:
    make_spread()
    campaign = make_campaign([make_id_segment(SPREAD)], trigger="event", event="signed up")
    (told,) = forecast(campaign, NOW, NOW)
    assert (told.audience, told.admitted, told.is_estimated) == (6, 6, True)


@pytest.mark.parametrize("ids", [[1], [1, 2, 3]])
def test_the_number_of_statements_does_not_depend_on_the_number_of_customers(
    ids: list[int], django_assert_num_queries: object
) -> None:
    make_spread(ids)
    make_cap(1)
    draft = make_campaign([make_id_segment(ids)])
    forecast(draft, NOW, NOW)
    with django_assert_num_queries(21):  # type: ignore[operator]
        forecast(draft, NOW, NOW)
