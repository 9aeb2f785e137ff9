"""The names that rules may use, as they stand now: four small reads."""

from django.conf import settings

from audiences.models import AttributeName, EventName, Segment, Topic
from audiences.rules import KnownSegment, KnownTopic, Vocabulary


def vocabulary() -> Vocabulary:
    return Vocabulary(
        attributes=frozenset(AttributeName.objects.values_list("name", flat=True)),
        events=frozenset(EventName.objects.values_list("name", flat=True)),
        segments=_segments(),
        topics={topic.slug: KnownTopic(topic.pk, topic.opt_in) for topic in Topic.objects.all()},
        channels=frozenset(settings.CHANNELS),
    )


def _segments() -> dict[str, KnownSegment]:
    return {
        slug: KnownSegment(pk, rule if kind == Segment.Kind.RULE else None)
        for slug, pk, kind, rule in Segment.objects.order_by().values_list("slug", "pk", "kind", "rule")
    }
