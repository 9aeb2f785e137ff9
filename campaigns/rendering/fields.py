"""Which fields a template uses, found without rendering it."""

from collections.abc import Iterator

from liquid.static_analysis import Segments

from .reading import compile_template

# Names that Liquid gives every text and list.
BUILT_IN_PROPERTIES = ("size", "first", "last")


def unknown_fields(text: str, known: set[str]) -> list[str]:
    """The dotted names that a template uses and that are not known, sorted.

    A known name ending in `.*` stands for everything below it.
    """
    names = {_dotted(segments) for segments in compile_template(text, html=False).variables}
    return sorted(name for name in names if not _is_known(name, known))


def _is_known(name: str, known: set[str]) -> bool:
    parent, _, last = name.rpartition(".")
    if name in known or (last in BUILT_IN_PROPERTIES and parent in known):
        return True
    return any(f"{ancestor}.*" in known for ancestor in _ancestors(name))


def _ancestors(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _dotted(segments: Segments) -> str:
    """`["customer", "attributes", "plan"]` as `customer.attributes.plan`; what is looked up at run time as `[…]`."""
    return ".".join("[…]" if isinstance(segment, list) else str(segment) for segment in segments)
