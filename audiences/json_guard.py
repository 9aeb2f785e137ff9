"""JSON from strangers, read so that nothing in it can end in a server error. No Django in here."""

import json
import math
from typing import Any

LARGEST = 1_048_576  # bytes
DEEPEST = 10
LARGEST_INTEGER = 2**53


class UnsafeJson(ValueError):
    """A sentence that says what is wrong with the body."""


def read_json(body: bytes) -> Any:
    """The value of a body of at most 1 MB, nested at most 10 deep; otherwise `UnsafeJson`."""
    if len(body) > LARGEST:
        raise UnsafeJson(f"The body is larger than {LARGEST} bytes.")
    text = _decoded(body)
    _check_depth(text)
    try:
        value = json.loads(
            text, parse_constant=_no_constant, parse_int=_whole, parse_float=_finite, object_pairs_hook=_object
        )
    except UnsafeJson:
        raise
    except (ValueError, RecursionError) as error:
        raise UnsafeJson(f"The body is not JSON: {error}.") from error
    _check_text(value)
    return value


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise UnsafeJson(f"The body is not UTF-8 (at its byte {error.start + 1}).") from error


def _check_depth(text: str) -> None:
    """Before it is parsed, because parsing is what a deep body would break. Brackets inside text do not count."""
    depth, inside, escaped = 0, False, False
    for letter in text:
        if inside:
            inside = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            inside, escaped = True, False
        elif letter in "[{":
            depth += 1
            if depth > DEEPEST:
                raise UnsafeJson(f"The body is nested more than {DEEPEST} deep.")
        elif letter in "]}":
            depth -= 1


def _no_constant(name: str) -> Any:
    raise UnsafeJson(f"{name} is not a JSON number.")


def _whole(digits: str) -> int:
    # Looked at before it is converted: a million digits take their time.
    if len(digits) > 17 or abs(int(digits)) > LARGEST_INTEGER:
        raise UnsafeJson(f"{digits[:20]}… is too large an integer; give longer numbers as text.")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise UnsafeJson(f"{digits[:20]} is too large a number.")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in found if names.count(name) > 1)
        raise UnsafeJson(f"The name “{doubled[:100]}” stands twice in one object.")
    return found


def _check_text(value: Any) -> None:
    if isinstance(value, str) and ("\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value)):
        raise UnsafeJson("The body holds a NUL or half a surrogate pair.")
    if isinstance(value, dict):
        for name, each in value.items():
            _check_text(name)
            _check_text(each)
    elif isinstance(value, list):
        for each in value:
            _check_text(each)
