"""What Liquid wrote, remembered by what it read: the paragraph for club members is the same for every one of them."""

from collections.abc import Callable, Mapping
from typing import Any

from liquid import BoundTemplate
from liquid.static_analysis import Segments

from .slots import reads

# Kinds of content are few and names are many: more than so many different results are not worth keeping.
MOST = 256
LONGEST = 20_000  # characters of a result
# The one filter that reads something else than what it is given: the clock, for “now”.
READS_MORE = "date"
# Names that Liquid answers from the clock, and those that it makes up for a mapping that does not have them.
CLOCKS = ("now", "today")
MADE_UP = ("size", "first", "last")
MISSING = object()


class NotASingleValue(Exception):
    """A list or a mapping: too much to compare."""


class Remembered:
    """`write` asks Liquid for the texts of a template; it is called once for all contexts that look alike to it."""

    def __init__(self, template: BoundTemplate, write: Callable[[Mapping[str, Any]], list[str]]) -> None:
        self._write = write
        self._paths = _paths(template)
        self._results: dict[tuple[object, ...], list[str]] = {}

    def __call__(self, context: Mapping[str, Any]) -> list[str]:
        try:
            key = tuple([_value(context, path) for path in self._paths]) if self._paths is not None else None
        except NotASingleValue:
            key = None
        if key is None:
            return self._write(context)
        texts = self._results.get(key)
        if texts is None:
            texts = self._write(context)
            self._keep(key, texts)
        return texts

    def _keep(self, key: tuple[object, ...], texts: list[str]) -> None:
        if len(self._results) >= MOST:
            self._results.clear()
        if sum(map(len, texts)) <= LONGEST:
            self._results[key] = texts


def _paths(template: BoundTemplate) -> list[Segments] | None:
    """Where the template reads; None where that is only known when it is rendered, or is the clock."""
    paths = reads(template)
    is_known = all(isinstance(key, str) for path in paths for key in path)
    asks_the_clock = READS_MORE in template.analyze().filters or any(path[0] in CLOCKS for path in paths)
    if not is_known or asks_the_clock:
        return None
    return list({tuple(map(str, path)): path for path in paths}.values())


def _value(context: Mapping[str, Any], path: Segments) -> object:
    """What it reads there; another for each thing that Liquid could tell apart."""
    value: Any = context
    for depth, key in enumerate(path):
        if not isinstance(value, dict):
            # Such as the size of a text: the text itself is compared.
            return depth, _single(value)
        if key in MADE_UP and key not in value:
            raise NotASingleValue
        value = value.get(key, MISSING)
    return _single(value)


def _single(value: object) -> object:
    if type(value) is str or value is None or value is MISSING:
        return value
    if type(value) not in (bool, int, float):
        raise NotASingleValue
    # 1, 1.0 and true are equal, and written differently.
    return type(value), repr(value)
