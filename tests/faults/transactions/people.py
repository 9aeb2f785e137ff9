"""What consent, erasures and whatever comes in from outside commit."""

from audiences.models import Segment
from audiences.services.customers import CustomerRow, upsert_customers
from audiences.services.segments import refresh_segment
from deliveries.services.erasure import erase_customer
from deliveries.services.withdrawals import opt_out, suppress
from tests.builders import NOW
from tests.deliveries.scenes import make_spread
from tests.faults.transactions.scenes import SOME, Work, happen, under_way


def opting_out() -> Work:
    send = under_way("email", 3)
    topic = send.campaign.topic_id
    return lambda: opt_out(1, topic, "email", NOW)


def suppressing() -> Work:
    under_way("email", 3)
    return lambda: suppress(2, "", "complaint", "by the test", NOW)


def erasing() -> Work:
    under_way("email", 3)
    happen(NOW)
    return lambda: erase_customer(1, NOW)


def recording_events() -> Work:
    make_spread(SOME)
    return lambda: happen(NOW)


def writing_customers() -> Work:
    make_spread(SOME)
    return lambda: upsert_customers([CustomerRow("spread-1", name="Ann"), CustomerRow("new")], NOW)


def refreshing_a_segment() -> Work:
    make_spread(SOME)
    segment = Segment.objects.create(slug="all", name="All", rule={"all": []})
    return lambda: refresh_segment(segment.pk, NOW)
