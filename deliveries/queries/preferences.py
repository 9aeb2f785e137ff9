"""What a customer wants, topic by topic and channel by channel, as the preference page shows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from audiences.models import Subscription, Topic
from deliveries.channels import registry


@dataclass(frozen=True)
class Choice:
    """One tick: a topic on a channel. `key` names it in the form."""

    topic_id: int
    channel: str
    label: str
    is_on: bool

    @property
    def key(self) -> str:
        return f"{self.topic_id}.{self.channel}"


@dataclass(frozen=True)
class TopicChoices:
    topic: Topic
    choices: tuple[Choice, ...]


def preferences_of(customer_id: int) -> list[TopicChoices]:
    """Every topic with every channel; two statements. Where a customer has said nothing, the topic's default."""
    rows = Subscription.objects.filter(customer=customer_id).values_list("topic_id", "channel", "subscribed")
    said = {(topic_id, channel): subscribed for topic_id, channel, subscribed in rows}
    return [TopicChoices(topic, _choices(topic, said)) for topic in Topic.objects.order_by("name")]


def _choices(topic: Topic, said: Mapping[tuple[int, str], bool]) -> tuple[Choice, ...]:
    return tuple(
        Choice(topic.pk, name, registry.label(name), said.get((topic.pk, name), not topic.opt_in))
        for name in registry.channel_names()
    )
