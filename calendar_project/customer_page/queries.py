"""What the customer page shows, each part in a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from audiences.addresses import address_hash
from audiences.bitmaps import load
from audiences.models import Customer, Subscription, Suppression, Topic
from campaigns.models import Firing, Send
from campaigns.rights import Person, can_see, seen_by
from campaigns.veils import veil_sends
from deliveries.channels.registry import label
from deliveries.models import Delivery, Withheld
from deliveries.queries.explanations import ADMITTED, Explanation, explain_all

FOUND = 20
#: How many sends the timeline goes back.
TIMELINE = 12
#: How many of the latest sends are looked through for them.
LOOKED_THROUGH = 60


@dataclass(frozen=True)
class Consent:
    """What holds for one topic on one channel. `said`: None where the customer has said nothing."""

    channel: str
    channel_words: str
    is_subscribed: bool
    said: Subscription | None


@dataclass(frozen=True)
class TopicConsent:
    topic: Topic
    cells: tuple[Consent, ...]


@dataclass(frozen=True)
class Decision:
    """One send and what was decided about this customer: one explanation a channel and firing.

    Of a private campaign of another team it is the veil of the send, with the one sentence that there is."""

    send: Send
    explanations: tuple[Explanation, ...]


def find_customers(text: str) -> QuerySet[Customer]:
    """By external id, by address, or by the beginning of an id or a name. The newest where nothing is asked."""
    living = Customer.objects.filter(erased_at__isnull=True)
    if not text:
        return living.order_by("-pk")[:FOUND]
    same_address = Q(address_hash=address_hash(text)) if "@" in text else Q()
    begins = Q(external_id__startswith=text) | Q(name__istartswith=text)
    return living.filter(same_address or begins).order_by("external_id")[:FOUND]


def exact_customer(text: str) -> Customer | None:
    """The one customer who is meant without doubt."""
    by_id = Customer.objects.filter(external_id=text).first()
    if by_id or "@" not in text:
        return by_id
    sharing = Customer.objects.filter(address_hash=address_hash(text), erased_at__isnull=True)[:2]
    return sharing[0] if len(sharing) == 1 else None


def consent_of(customer: Customer) -> list[TopicConsent]:
    said = {(row.topic_id, row.channel): row for row in Subscription.objects.filter(customer=customer)}
    return [
        TopicConsent(topic, tuple(_consent(topic, name, said.get((topic.pk, name))) for name in settings.CHANNELS))
        for topic in Topic.objects.all()
    ]


def _consent(topic: Topic, channel: str, said: Subscription | None) -> Consent:
    return Consent(channel, label(channel), said.subscribed if said else not topic.opt_in, said)


def suppressions_of(customer: Customer) -> QuerySet[Suppression]:
    """By the customer, or by the address that they share with whoever else has it."""
    of_address = Q(address_hash=customer.address_hash) & ~Q(address_hash="")
    return Suppression.objects.filter(Q(customer=customer) | of_address).order_by("-created_at")


def decisions_about(customer: Customer, user: Person) -> list[Decision]:
    """The latest sends that had this customer in their audience, with what was decided."""
    sends = veil_sends(user, _sends_about(customer, user))
    answers = explain_all(customer, [send.pk for send in sends], user)
    return [Decision(send, tuple(answers.get(send.pk, ())) or (_veiled_answer(send),)) for send in sends]


def _veiled_answer(send: Send) -> Explanation:
    return Explanation("", ADMITTED, f"A message was for them. {send.campaign.team} can say more.")


def _sends_about(customer: Customer, user: Person) -> list[Send]:
    """A fixed number of queries: those with a delivery, with a firing, or who hold them among the withheld.

    Of what `user` may not see, those with a delivery alone: a customer who was held back of it says whom it is for.
    """
    admitted = Delivery.objects.filter(send=OuterRef("pk"), customer=customer)
    fired = Firing.objects.filter(send=OuterRef("pk"), customer=customer)
    begun = Send.objects.filter(~Q(state=Send.State.SCHEDULED)).defer("audience").select_related("campaign__team")
    is_told = Exists(admitted) | (Exists(fired) & seen_by(user, "campaign"))
    latest = begun.annotate(is_about=is_told).order_by("-due_at", "-id")[:LOOKED_THROUGH]
    sends = list(latest)
    withheld = _withheld_from(customer, (send for send in sends if can_see(user, send.campaign)))
    about: list[Send] = [send for send in sends if send.is_about or send.pk in withheld]
    return about[:TIMELINE]


def _withheld_from(customer: Customer, sends: Iterable[Send]) -> set[int]:
    """Dated sends alone: the sets of continuous ones hold firings, which were asked for already."""
    dated = [send.pk for send in sends if not send.campaign.is_continuous]
    sets = Withheld.objects.filter(send__in=dated, shard=customer.pk // settings.SHARD_SIZE)
    return {send_id for send_id, members in sets.values_list("send", "members") if customer.pk in load(members)}
