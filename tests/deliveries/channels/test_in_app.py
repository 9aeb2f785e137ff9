import pytest
from django.db import transaction

from deliveries.channels.base import Channel, Outgoing, Verdict
from deliveries.channels.in_app import InAppChannel, is_safe_link
from deliveries.models import Delivery, InboxItem
from tests.builders import make_campaign, make_customer, make_delivery, make_running_send
from tests.deliveries.channels.contract import ChannelContract, go


@pytest.mark.django_db
class TestInApp(ChannelContract):
    def open_channel(self) -> Channel:
        return InAppChannel()

    def received(self) -> list[str]:
        return list(InboxItem.objects.order_by("pk").values_list("title", flat=True))

    def outgoing(self, number: int = 1, **fields: str) -> Outgoing:
        if not Delivery.objects.filter(pk=number).exists():
            send = make_running_send(make_campaign(channels=["in_app"]))
            make_delivery(send, make_customer(pk=number), "in_app", pk=number)
        return super().outgoing(number, **fields)

    def test_what_was_not_taken_is_not_answered_for_and_does_not_leave(self) -> None:
        """Local: it writes inside the caller's transaction, and leaves nothing where that does not commit."""
        batch = [self.outgoing(1), self.outgoing(2)]
        with transaction.atomic(), self.channel() as channel:
            next(channel.send(batch, go))
            transaction.set_rollback(True)
        assert self.received() == []

    def test_one_delivery_has_one_item_whatever_is_repeated(self) -> None:
        self.send(self.outgoing())
        self.send(self.outgoing())
        assert self.received() == ["Subject 1"]

    def test_a_link_that_runs_is_refused_and_the_next_message_goes(self) -> None:
        outcomes = self.send(self.outgoing(1, link="javascript:alert(1)"), self.outgoing(2))
        assert [outcome.verdict for outcome in outcomes] == [Verdict.REJECTED, Verdict.ACCEPTED]


@pytest.mark.parametrize("link", ["https://example.com/x?y=1", "http://example.com", "/offers/1", "/"])
def test_links_out_and_within_are_safe(link: str) -> None:
    assert is_safe_link(link)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "/\\evil",
        "java\nscript:x",
        "offers",
        "https:x",
        "http://[",
        "",
    ],
)
def test_anything_else_is_not(link: str) -> None:
    assert not is_safe_link(link)
