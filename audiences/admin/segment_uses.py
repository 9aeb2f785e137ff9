"""Where a segment is used, floors above included, without knowing them: by the relations that point at it."""

import json
from collections.abc import Iterator

from audiences.models import ListMember, Segment, SegmentRefresh

# A segment's own rows go with it.
OWN = (ListMember, SegmentRefresh)


def segment_uses(segment: Segment) -> list[str]:
    """One phrase for each use: “campaign “Welcome””, “the rule of segment “Pro””; empty: it may go."""
    return sorted({*_by_relation(segment), *_by_rule(segment)})


def _by_relation(segment: Segment) -> Iterator[str]:
    for relation in Segment._meta.related_objects:
        model = relation.related_model
        if issubclass(model, OWN):
            continue
        for user in model._default_manager.filter(**{relation.field.name: segment})[:10]:
            yield f"{model._meta.verbose_name} “{user}”"


def _by_rule(segment: Segment) -> Iterator[str]:
    others = Segment.objects.filter(kind=Segment.Kind.RULE).exclude(pk=segment.pk)
    for other in others.only("name", "rule"):
        if segment.slug in _slugs_in(other.rule):
            yield f"the rule of segment “{other.name}”"


def _slugs_in(rule: object) -> set[str]:
    """Every slug after a "segment" key, at any depth."""
    found: set[str] = set()

    def note(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found.update(str(value) for key, value in pairs if key == "segment")
        return dict(pairs)

    json.loads(json.dumps(rule), object_pairs_hook=note)
    return found
