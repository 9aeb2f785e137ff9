"""Where a segment is used, floors above included, without knowing them: by the relations that point at it."""

import json
from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_permission_codename

from audiences.models import ListMember, Segment, SegmentRefresh

# A segment's own rows go with it.
OWN = (ListMember, SegmentRefresh)


def segment_uses(segment: Segment, user: Any) -> list[str]:
    """One phrase for each use: “campaign “Welcome””, “the rule of segment “Pro””; empty: it may go.

    Where `user` may not look, it is in use, and no more is said.
    """
    return sorted({*_by_relation(segment, user), *_by_rule(segment)})


def _by_relation(segment: Segment, user: Any) -> Iterator[str]:
    for relation in Segment._meta.related_objects:
        model = relation.related_model
        if issubclass(model, OWN):
            continue
        permission = f"{model._meta.app_label}.{get_permission_codename('view', model._meta)}"
        for row in model._default_manager.filter(**{relation.field.name: segment})[:10]:
            is_seen = user.has_perm(permission, row)
            yield f"{model._meta.verbose_name} “{row}”" if is_seen else "something that you may not see"


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
