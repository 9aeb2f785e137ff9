"""Liquid templates of messages: compiled once, rendered per customer, within limits that no template can leave.

The context is plain dicts: `customer` (external_id, name, email, locale, timezone, attributes), `event` (name, value,
properties) and `links` (unsubscribe, preferences, view). Nothing else is in reach: no objects, files or includes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from functools import lru_cache
from time import monotonic
from typing import Any

from liquid import BoundTemplate, Environment, RenderContext, Token
from liquid.exceptions import LiquidError, OutputStreamLimitError, ResourceLimitError, UndefinedError
from liquid.static_analysis import Segments
from liquid.undefined import FalsyStrictUndefined

LONGEST_TEMPLATE = 200_000  # characters
LARGEST_OUTPUT = 500_000  # bytes
MOST_ITERATIONS = 5_000  # of all nested loops together, and items of a list
LARGEST_NUMBER = 10**30
SECONDS = 0.5
# Of files there are none; `safe` would let a customer's own name become HTML.
FORBIDDEN_TAGS = ("include", "render")
FORBIDDEN_FILTERS = ("safe",)
NEWLINE = "\n"
# Names that Liquid gives every text and list.
BUILT_IN_PROPERTIES = ("size", "first", "last")


class TemplateProblem(ValueError):
    """A template that cannot be read or rendered; the text is a sentence, with the line where it is known."""


class Compiled:
    """A template that was read: render it as often as there are customers."""

    def __init__(self, template: BoundTemplate) -> None:
        self._template = template

    def render(self, context: Mapping[str, Any]) -> str:
        """The text for one customer. Raises `TemplateProblem`, and nothing else, whatever the template does."""
        try:
            return self._template.render(context)
        except LiquidError as error:
            raise TemplateProblem(_sentence(error)) from error
        except Exception as error:
            # A filter given what it did not expect: any error at all, and always this one message's alone.
            raise TemplateProblem(f"The template fails on this customer's data ({type(error).__name__}).") from error

    @property
    def variables(self) -> list[Segments]:
        """The paths of every variable that the template takes from outside."""
        analysis = self._template.analyze()
        return [variable.segments for found in analysis.globals.values() for variable in found]


@lru_cache(maxsize=512)
def compile_template(text: str, *, html: bool) -> Compiled:
    """Read a template. With `html` every value is escaped. Raises `TemplateProblem` with the line."""
    if len(text) > LONGEST_TEMPLATE:
        raise TemplateProblem(f"The template has {len(text):,} characters; at most {LONGEST_TEMPLATE:,} are taken.")
    try:
        template = _environment(html=html).from_string(text)
        _check_filters(template, text)
    except LiquidError as error:
        raise TemplateProblem(_sentence(error)) from error
    except TemplateProblem:
        raise
    except (RecursionError, ValueError) as error:
        raise TemplateProblem("The template cannot be read: it is nested too deeply, or cut off.") from error
    return Compiled(template)


def _check_filters(template: BoundTemplate, text: str) -> None:
    """Liquid looks for a filter when it renders; a writer wants to know at once."""
    for name, spans in template.analyze().filters.items():
        if name not in template.env.filters:
            raise TemplateProblem(f"Line {text.count(NEWLINE, 0, spans[0].index) + 1}: there is no filter “{name}”.")


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


class _Undefined(FalsyStrictUndefined):
    """A value that this customer lacks: `if` and `default` may ask for it, but it is never printed as nothing."""

    force_liquid_default = True


class _LimitedContext(RenderContext):
    """A render that stops at its deadline and never holds a huge value. Looked at wherever work can pile up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tag_namespace["deadline"] = monotonic() + SECONDS

    def get(self, path: list[object], *, token: Token | None, **kwargs: Any) -> object:
        self._check_time()
        return super().get(path, token=token, **kwargs)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self._check_time()
        super().raise_for_loop_limit(length)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        self._check_time()
        run = super().filter(name, token)
        return lambda *args, **kwargs: _small(run(*_before(name, args), **kwargs))

    def _check_time(self) -> None:
        if monotonic() > self.tag_namespace["deadline"]:
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


def _small(value: object) -> object:
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
def _environment(*, html: bool) -> Environment:
    environment = _LimitedEnvironment(undefined=_Undefined, strict_filters=True, autoescape=html)
    for tag in FORBIDDEN_TAGS:
        environment.tags.pop(tag, None)
    for name in FORBIDDEN_FILTERS:
        environment.filters.pop(name, None)
    return environment


def _sentence(error: LiquidError) -> str:
    """What Liquid says, as one sentence with the line."""
    place = _line(error)
    message = str(error.message or type(error).__name__).strip().rstrip(".")[:200]
    if isinstance(error, UndefinedError):
        message = f"this customer has no value for it: {message}. Give one with “| default: …”"
    return f"Line {place}: {message}." if place else f"{message[:1].upper()}{message[1:]}."


def _line(error: LiquidError) -> int:
    if error.token is None or error.token.start_index < 0:
        return 0
    return error.token.source.count("\n", 0, error.token.start_index) + 1
