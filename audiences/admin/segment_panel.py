"""What stands above a segment's form: its rule in words, its size, and who came and went lately."""

from itertools import chain, islice
from typing import Any

from audiences.bitmaps import load
from audiences.models import Customer, Segment, SegmentRefresh
from audiences.queries.segments import check_rule
from audiences.rules import RuleError

REFRESHES_SHOWN = 5
NAMES_SHOWN = 8


def segment_panel(segment: Segment) -> dict[str, Any]:
    return {"segment": segment, **_words(segment), "refreshes": _lately(segment)}


def _words(segment: Segment) -> dict[str, Any]:
    if segment.kind == Segment.Kind.LIST:
        return {"words": "customers who were put on the list"}
    try:
        checked = check_rule(segment.rule, segment.slug)
    except RuleError as error:
        return {"error": str(error)}
    return {"words": checked.words, "hints": checked.hints}


def _lately(segment: Segment) -> list[dict[str, Any]]:
    """The newest refreshes with how many entered and left, and a few of them by name: two queries."""
    newest = SegmentRefresh.objects.filter(segment=segment, is_first=False).defer("members").order_by("-id")
    refreshes = [(each, load(each.entered), load(each.left)) for each in newest[:REFRESHES_SHOWN]]
    few = {each.pk: (_few(entered), _few(left)) for each, entered, left in refreshes}
    names = Customer.objects.in_bulk(set(chain.from_iterable(chain(*pair) for pair in few.values())))
    return [
        {
            "at": each.refreshed_at,
            "size": each.size,
            "entered": len(entered),
            "left": len(left),
            "names_entered": [names[pk] for pk in few[each.pk][0] if pk in names],
            "names_left": [names[pk] for pk in few[each.pk][1] if pk in names],
        }
        for each, entered, left in refreshes
    ]


def _few(ids: Any) -> list[int]:
    return list(islice(ids, NAMES_SHOWN))
