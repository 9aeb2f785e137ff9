"""What the weekly review and handoffs commit."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User

from campaigns.models import AgendaItem
from campaigns.queries.standing import standing
from campaigns.services.decisions import Answer, decide, take_back
from campaigns.services.handoffs import accept, offer
from campaigns.services.reviews import close_review
from tests.builders import NOW, make_campaign, make_team, make_user
from tests.campaigns.meetings import clashing, decided, item_about, opened
from tests.deliveries.scenes import make_spread
from tests.faults.transactions.scenes import Work


def opening_a_review() -> Work:
    clashing(people=make_spread(range(1, 5)))
    return opened


def merging() -> Work:
    return _deciding("merge")


def stopping() -> Work:
    return _deciding("stop", learnt="Less is enough.")


def taking_back() -> Work:
    item = _item()
    decided(item, "exclude", campaign_id=item.campaign_id)
    return lambda: take_back(item.pk, None, NOW)


def closing_a_review() -> Work:
    User.objects.all().delete()
    make_user(team=make_team(), email="ana@example.com")
    review = _item().review
    return lambda: close_review(review.pk, None, NOW + timedelta(hours=1))


def accepting_a_handoff() -> Work:
    User.objects.all().delete()
    eli = make_user("eli", team=make_team())
    handoff = offer(make_campaign(owner=None).pk, eli.pk, None, NOW)
    return lambda: accept(handoff.pk, eli, NOW)


def _item() -> AgendaItem:
    clashing(people=make_spread(range(1, 5)))
    return item_about(opened())


def _deciding(kind: str, **fields: Any) -> Work:
    item = _item()
    answer = Answer(kind, "Because.", standing(item), item.campaign_id, **fields)
    return lambda: decide(item.pk, answer, None, NOW)
