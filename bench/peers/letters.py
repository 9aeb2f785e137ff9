"""The letter as Django's own message, from Django's own templates: read once, rendered for each recipient."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

from django.core.mail import EmailMultiAlternatives
from django.template import Context, Template

from bench.letter import HTML, SENDER, SUBJECT, TEXT, Recipient

LOT = 500  # letters in memory, or in one statement


@cache
def _templates() -> tuple[Template, Template, Template]:
    return Template(SUBJECT), Template(TEXT), Template(HTML)


def letter(to: Recipient) -> EmailMultiAlternatives:
    subject, text, html = (template.render(Context(to.context)) for template in _templates())
    message = EmailMultiAlternatives(subject, text, SENDER, [to.email], headers=to.headers)
    message.attach_alternative(html, "text/html")
    return message


def in_lots(people: Iterable[Recipient]) -> Iterator[list[Recipient]]:
    rest = iter(people)
    while some := list(islice(rest, LOT)):
        yield some
