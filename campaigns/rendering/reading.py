"""From a template's text to what can be rendered, or to a sentence that says why not."""

from functools import lru_cache

from liquid import BoundTemplate
from liquid.exceptions import LiquidError

from .compiled import Compiled
from .limits import LONGEST_TEMPLATE, environment
from .problems import TemplateProblem, sentence

NEWLINE = "\n"


@lru_cache(maxsize=512)
def compile_template(text: str, *, html: bool) -> Compiled:
    """Read a template. With `html` every value is escaped. Raises `TemplateProblem` with the line."""
    if len(text) > LONGEST_TEMPLATE:
        raise TemplateProblem(f"The template has {len(text):,} characters; at most {LONGEST_TEMPLATE:,} are taken.")
    try:
        template = environment(html=html).from_string(text)
        _check_filters(template, text)
        return Compiled(template)
    except LiquidError as error:
        raise TemplateProblem(sentence(error)) from error
    except TemplateProblem:
        raise
    except (RecursionError, ValueError) as error:
        raise TemplateProblem("The template cannot be read: it is nested too deeply, or cut off.") from error


def _check_filters(template: BoundTemplate, text: str) -> None:
    """Liquid looks for a filter when it renders; a writer wants to know at once."""
    for name, spans in template.analyze().filters.items():
        if name not in template.env.filters:
            raise TemplateProblem(f"Line {text.count(NEWLINE, 0, spans[0].index) + 1}: there is no filter “{name}”.")
