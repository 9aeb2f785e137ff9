"""Liquid, within limits: what a template may use, how long it may take and how large it may grow."""

from collections.abc import Callable, Sequence, Sized
from functools import lru_cache
from time import monotonic, thread_time
from typing import Any

from liquid import BoundTemplate, Environment, RenderContext, Token
from liquid.exceptions import OutputStreamLimitError, ResourceLimitError
from liquid.undefined import FalsyStrictUndefined

LONGEST_TEMPLATE = 200_000  # characters
LARGEST_OUTPUT = 500_000  # bytes
MOST_ITERATIONS = 5_000  # of all nested loops together, and items of a list
LARGEST_NUMBER = 10**30
SECONDS = 0.5
# Of files there are none; `safe` would let a customer's own name become HTML.
FORBIDDEN_TAGS = ("include", "render")
FORBIDDEN_FILTERS = ("safe",)


class _Undefined(FalsyStrictUndefined):
    """A value that this customer lacks: `if` and `default` may ask for it, but it is never printed as nothing."""

    force_liquid_default = True


class _LimitedContext(RenderContext):
    """A render that stops at its deadline and never holds a huge value. Looked at wherever work can pile up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline, self._most_work = monotonic() + SECONDS, thread_time() + SECONDS

    def get(self, path: list[object], *, token: Token | None, **kwargs: Any) -> object:
        self._check_time()
        return super().get(path, token=token, **kwargs)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self._check_time()
        super().raise_for_loop_limit(length)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        self._check_time()
        run = super().filter(name, token)
        return lambda *args, **kwargs: small(run(*_before(name, args), **kwargs))

    def _check_time(self) -> None:
        # What counts is its own work: a machine that was busy with something else says nothing about a template.
        if monotonic() > self._deadline and thread_time() > self._most_work:
            raise ResourceLimitError(f"rendering takes longer than {SECONDS} seconds", token=None)


def _before(name: str, args: Sequence[Any]) -> Sequence[Any]:
    """Refuse the two filters that multiply, before they do."""
    if name.startswith("replace") and len(args) > 2:
        grown = str(args[0]).count(str(args[1])) * len(str(args[2]))
    elif name == "join" and len(args) > 1 and isinstance(args[0], Sized):
        grown = len(args[0]) * len(str(args[1]))
    else:
        grown = 0
    if grown > LARGEST_OUTPUT:
        raise OutputStreamLimitError("a value becomes too large", token=None)
    return args


def small(value: object) -> object:
    """The value, unless a filter made it huge."""
    is_large = (
        (isinstance(value, str) and len(value) > LARGEST_OUTPUT)
        or (isinstance(value, list | tuple) and len(value) > MOST_ITERATIONS)
        or (isinstance(value, int | float) and abs(value) > LARGEST_NUMBER)
    )
    if is_large:
        raise OutputStreamLimitError("a value becomes too large", token=None)
    return value


class _LimitedTemplate(BoundTemplate):
    context_class = _LimitedContext


class _LimitedEnvironment(Environment):
    template_class = _LimitedTemplate
    loop_iteration_limit = MOST_ITERATIONS
    output_stream_limit = LARGEST_OUTPUT
    local_namespace_limit = 2 * LARGEST_OUTPUT


@lru_cache(maxsize=2)
def environment(*, html: bool) -> Environment:
    """The tags and filters that there are; with `html` every value is escaped."""
    found = _LimitedEnvironment(undefined=_Undefined, strict_filters=True, autoescape=html)
    for tag in FORBIDDEN_TAGS:
        found.tags.pop(tag, None)
    for name in FORBIDDEN_FILTERS:
        found.filters.pop(name, None)
    return found
