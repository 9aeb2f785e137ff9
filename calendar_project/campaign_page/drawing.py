"""A funnel as polygons: each slice is 100 by 100, however it is stretched, and begins as wide as the last one ends."""

from dataclasses import dataclass

# Where the narrowing of a slice ends, of its height.
NECK = 45
# Anybody at all is seen.
THINNEST = 0.6


@dataclass(frozen=True)
class Slice:
    """`body`: who is left; `lost`: the two wedges of those who are not. Points of SVG polygons."""

    body: str
    lost: tuple[str, ...] = ()


def whole(people: int) -> Slice:
    width = 100.0 if people else 0.0
    return Slice(_points(_left(width), 0, _right(width), 0, _right(width), 100, _left(width), 100))


def narrowed(before: int, after: int, audience: int) -> Slice:
    """From as wide as those before to as wide as those after, in proportion to the audience."""
    upper, lower = _width(before, audience), _width(after, audience)
    body = _points(
        _left(upper),
        0,
        _right(upper),
        0,
        _right(lower),
        NECK,
        _right(lower),
        100,
        _left(lower),
        100,
        _left(lower),
        NECK,
    )
    if upper == lower:
        return Slice(body)
    left = _points(_left(upper), 0, _left(lower), NECK, _left(upper), NECK)
    right = _points(_right(upper), 0, _right(lower), NECK, _right(upper), NECK)
    return Slice(body, (left, right))


def _width(part: int, of: int) -> float:
    return max(THINNEST, 100 * part / of) if part and of else 0.0


def _left(width: float) -> float:
    return 50 - width / 2


def _right(width: float) -> float:
    return 50 + width / 2


def _points(*values: float) -> str:
    """`0,0 100,0 ...`: at most two places, and none that are noughts."""
    texts = [f"{value:.2f}".rstrip("0").rstrip(".") for value in values]
    return " ".join(f"{x},{y}" for x, y in zip(texts[::2], texts[1::2], strict=True))
