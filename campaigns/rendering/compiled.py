"""A template that was read, ready to be rendered once for each customer: only what varies is looked at again."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain, count
from typing import Any

from liquid import BoundTemplate
from liquid.exceptions import LiquidError
from liquid.output import LimitedStringIO
from liquid.static_analysis import Segments
from liquid.stringify import to_liquid_string
from markupsafe import escape

from .edges import edges_of, with_edges
from .limits import LARGEST_OUTPUT, small
from .problems import TemplateProblem, sentence
from .remembered import Remembered
from .slots import Slot, cut, reads, with_plain_lines

WIDEST = 4  # bytes of a character
LONGEST_ESCAPE = 5  # characters: &amp;


class _NotPlain(Exception):
    """Something that Liquid must look at."""


class Compiled:
    """A template that was read: render it as often as there are customers.

    Its text is `pieces[0] + values[0] + pieces[1] + ...`: the pieces are the same for everybody. Of the values, those
    that are plain paths are looked up here; for the rest, and for whatever is not as expected, Liquid is asked. What
    comes out is what Liquid alone would write.
    """

    def __init__(self, template: BoundTemplate) -> None:
        self._template = template
        self._is_html = template.env.autoescape
        self.pieces, slots = cut(template)
        # Each looked up once, however often it is written: a name stands in most paragraphs.
        lookups = Counter((slot.keys, slot.default) for slot in slots if slot.keys)
        self._lookups = list(lookups)
        self._most = max(lookups.values(), default=1)
        self._places = _places(slots, self._lookups)
        marked = {id(slot.node) for slot in slots}
        others = [slot.node for slot in slots if not slot.keys]
        self._whole = with_edges(template, template.nodes, marked)
        rest = with_edges(template, others, marked) if others else None
        self._others = Remembered(rest, partial(_by_liquid, rest)) if rest else None
        self._room = LARGEST_OUTPUT - _bytes("".join(self.pieces))

    def render(self, context: Mapping[str, Any]) -> str:
        """The text for one customer. Raises `TemplateProblem`, and nothing else, whatever the template does."""
        return "".join(chain.from_iterable(zip(self.pieces, [*self.values(context), ""], strict=True)))

    def values(self, context: Mapping[str, Any]) -> list[str]:
        """What stands between the pieces for one customer. Raises `TemplateProblem`, and nothing else."""
        try:
            return self._looked_up(context)
        except Exception:
            # Liquid knows what to make of it, or says what is wrong.
            return _by_liquid(self._whole, context)

    @property
    def variables(self) -> list[Segments]:
        """The paths of every variable that the template takes from outside."""
        analysis = self._template.analyze()
        return [variable.segments for found in analysis.globals.values() for variable in found]

    @property
    def reads(self) -> list[Segments]:
        """The paths of all that it may read, also where it sets a variable of that name itself."""
        return reads(self._template)

    def _looked_up(self, context: Mapping[str, Any]) -> list[str]:
        values = self._plain_values(context)
        text = "".join(values)
        # All of them at one look: mostly there is nothing to do.
        if not (text.isascii() and text.isprintable()):
            values = [value if value.isascii() and value.isprintable() else _written(value) for value in values]
        if self._is_html and ("&" in text or "<" in text or ">" in text or '"' in text or "'" in text):
            values = [str(escape(value)) for value in values]
        # Escaped it may be longer, but not by that much.
        if len(text) * self._most * LONGEST_ESCAPE * WIDEST > self._room:
            raise _NotPlain
        return self._with_others(values, self._others(context)) if self._others else self._arranged(values)

    def _with_others(self, values: list[str], of_liquid: list[str]) -> list[str]:
        every = self._arranged([*values, *of_liquid])
        if WIDEST * sum(map(len, every)) > self._room:
            raise _NotPlain
        return every

    def _arranged(self, values: list[str]) -> list[str]:
        """In the order of the slots, each as often as it is written."""
        return [values[place] for place in self._places]

    def _plain_values(self, context: Mapping[str, Any]) -> list[str]:
        values: list[str] = []
        for keys, default in self._lookups:
            value: Any = context
            try:
                for key in keys:
                    value = value[key]
            except (KeyError, TypeError):
                if default is None:
                    raise
                value = default
            if type(value) is not str:
                value = _shown(value, default)
            elif not value and default is not None:
                value = default
            values.append(value)
        return values


def _places(slots: Iterable[Slot], lookups: list[tuple[tuple[str, ...], str | None]]) -> list[int]:
    """Where the value of each slot stands: among what is looked up, or behind that, in the order of Liquid's."""
    at = {lookup: place for place, lookup in enumerate(lookups)}
    others = count(len(lookups))
    return [at[slot.keys, slot.default] if slot.keys else next(others) for slot in slots]


def _shown(value: Any, default: str | None) -> str:
    """What is no text, as Liquid shows it. Lists and the like are left to it."""
    if type(value) not in (bool, int, float, type(None)):
        raise _NotPlain
    if default is None:
        return str(to_liquid_string(value, False))
    return default if value is None or value is False else str(to_liquid_string(small(value), False))


def _written(text: str) -> str:
    """As Liquid's output keeps it: one kind of line end. Raises for half a character, as writing it would."""
    text.encode()
    return with_plain_lines(text)


def _by_liquid(template: BoundTemplate, context: Mapping[str, Any]) -> list[str]:
    """What Liquid writes between each two edges of the template."""
    run = template.context_class(template, globals=template.make_globals(dict(context)))
    buffer = LimitedStringIO(limit=LARGEST_OUTPUT)
    try:
        template.render_with_context(run, buffer)
    except LiquidError as error:
        raise TemplateProblem(sentence(error)) from error
    except Exception as error:
        # A filter given what it did not expect: any error at all, and always this one message's alone.
        raise TemplateProblem(f"The template fails on this customer's data ({type(error).__name__}).") from error
    text, edges = buffer.getvalue(), edges_of(run)
    return [text[begin:end] for begin, end in zip(edges[::2], edges[1::2], strict=True)]


def _bytes(text: str) -> int:
    """How large it is when written; more than may be written where that cannot be, so that Liquid says so."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return LARGEST_OUTPUT + 1
