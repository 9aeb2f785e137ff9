"""What is wrong with a template, in words that its writer understands."""

from liquid.exceptions import LiquidError, UndefinedError


class TemplateProblem(ValueError):
    """A template that cannot be read or rendered; the text is a sentence, with the line where it is known."""


def sentence(error: LiquidError) -> str:
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
