"""Where in Liquid's output the slots of a template begin and end."""

from collections.abc import Iterable, Set
from typing import TextIO

from liquid import BoundTemplate, Node, RenderContext, Token

EDGES = "edges"
NOWHERE = Token("edge", "", -1, "")


class _Edge(Node):
    """Writes nothing, and notes how much was written before it."""

    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        edges_of(context).append(buffer.tell())
        return 0

    render = render_to_output  # no tag that could be disabled


def with_edges(template: BoundTemplate, nodes: Iterable[Node], marked: Set[int]) -> BoundTemplate:
    """The template with these nodes alone, and an edge before and after each whose `id` is marked."""
    edge = _Edge(NOWHERE)
    cut = [each for node in nodes for each in ((edge, node, edge) if id(node) in marked else (node,))]
    return type(template)(template.env, cut)


def edges_of(run: RenderContext) -> list[int]:
    """How many characters had been written at each edge of this run."""
    edges: list[int] = run.tag_namespace.setdefault(EDGES, [])
    return edges
