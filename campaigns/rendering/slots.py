"""A template cut into its unchanging text and its slots: the places where something is put in for each customer."""

from collections.abc import Sequence, Set
from typing import NamedTuple

from liquid import BoundTemplate, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import Filter, FilteredExpression, Path, PositionalArgument, StringLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.doc_tag import DocNode
from liquid.static_analysis import Segments

# A name that every template has for itself: what the context says of it is never shown.
OWN_NAMES = frozenset({"partial"})


class Slot(NamedTuple):
    """`keys` lead to the value in the context; empty where only Liquid knows. `default` is shown instead of nothing."""

    node: Node
    keys: tuple[str, ...] = ()
    default: str | None = None


class Cut(NamedTuple):
    """`pieces[0]`, the first slot, `pieces[1]`, ...: there is one more piece than there are slots."""

    pieces: tuple[str, ...]
    slots: tuple[Slot, ...]


def cut(template: BoundTemplate) -> Cut:
    """Where the template's text stands still, and where not."""
    taken = OWN_NAMES | set(template.analyze().locals)
    pieces, slots = [""], []
    for node in template.nodes:
        if type(node) is ContentNode:
            pieces[-1] += with_plain_lines(node.text)
        elif not isinstance(node, CommentNode | DocNode):
            slots.append(_slot(template, node, taken))
            pieces.append("")
    return Cut(tuple(pieces), tuple(slots))


def reads(template: BoundTemplate) -> list[Segments]:
    """The paths of all that it may read. Names that it sets itself are among them: it may read them before, or not set
    them at all for some, and then what they are in the context is shown."""
    return [variable.segments for found in template.analyze().variables.values() for variable in found]


def with_plain_lines(text: str) -> str:
    """All kinds of line ends as one: Liquid's output does the same to each thing that is written to it."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _slot(template: BoundTemplate, node: Node, taken: Set[str]) -> Slot:
    """A path without filters, or with one text as its default, can be looked up. Anything else is Liquid's."""
    expression = node.expression if type(node) is OutputNode else None
    if type(expression) is not FilteredExpression or type(expression.left) is not Path:
        return Slot(node)
    keys = tuple(key for key in expression.left.path if isinstance(key, str))
    if len(keys) < len(expression.left.path) or keys[0] in taken:
        return Slot(node)
    if not expression.filters:
        return Slot(node, keys)
    default = _default(expression.filters)
    return Slot(node) if default is None else Slot(node, keys, default)


def _default(filters: Sequence[Filter]) -> str | None:
    """The text of `| default: "text"` alone; a text that would have to be escaped is Liquid's."""
    if len(filters) != 1 or filters[0].name != "default" or len(filters[0].args) != 1:
        return None
    argument = filters[0].args[0]
    if not (isinstance(argument, PositionalArgument) and isinstance(argument.value, StringLiteral)):
        return None
    text = argument.value.value
    return None if set(text) & set("&<>\"'") else text
