"""The text part of a mail whose template is HTML alone, encoded once like any other."""

from collections.abc import Sequence

from .bodies import Part
from .plain import DerivedText, derived_text

KEPT = 32


class DerivedPart:
    """Made from the HTML's pieces, and filled from the HTML's values.

    What a block of the template shows (`{% if … %}<b>…</b>{% endif %}`) is markup and no word. There are only so many
    things that it can show, so that the text is made once for each: as if it stood in the template.
    """

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = pieces
        self._variants: dict[tuple[str | None, ...], _Variant | None] = {}

    def fill(self, values: Sequence[str]) -> str | None:
        """The part; nothing where the text depends on more than what the values say."""
        blocks = tuple([value if not value or "<" in value else None for value in values])
        if blocks not in self._variants:
            if len(self._variants) >= KEPT:
                return None
            self._variants[blocks] = _variant(self._pieces, blocks)
        variant = self._variants[blocks]
        return variant.fill(values) if variant else None


class _Variant:
    """The text with these blocks. `slots`: which of the HTML's values are left."""

    def __init__(self, derived: DerivedText, slots: Sequence[int]) -> None:
        self._derived, self._slots = derived, slots
        self._part = Part("plain", derived.pieces)

    def fill(self, values: Sequence[str]) -> str | None:
        words = self._derived.values([values[slot] for slot in self._slots])
        return None if words is None else self._part.fill(words)


def _variant(pieces: Sequence[str], blocks: Sequence[str | None]) -> _Variant | None:
    merged, slots = [pieces[0]], []
    for slot, (block, piece) in enumerate(zip(blocks, pieces[1:], strict=True)):
        if block is None:
            slots.append(slot)
            merged.append(piece)
        else:
            merged[-1] += block + piece
    derived = derived_text(merged)
    return _Variant(derived, slots) if derived else None
