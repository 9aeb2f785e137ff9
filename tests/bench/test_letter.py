"""The letter: the same people on every run, about 8 kB, and the same text from Liquid as from Django's templates."""

from html import unescape
from itertools import chain

from django.template import Context, Template

from bench.letter import HTML, SUBJECT, TEXT, recipients
from campaigns.rendering import compile_template


def test_recipients_are_the_same_however_they_are_asked_for() -> None:
    whole = list(recipients(0, 20))
    assert whole == list(chain(recipients(0, 7), recipients(7, 13)))
    assert len({person.email for person in whole}) == 20
    assert len({person.unsubscribe for person in whole}) == 20


def test_liquid_and_django_render_the_same_letter() -> None:
    for person in recipients(0, 50):
        for source in (SUBJECT, TEXT, HTML):
            liquid = compile_template(source, html=source is HTML).render(person.context)
            assert unescape(liquid) == unescape(Template(source).render(Context(person.context)))


def test_a_letter_is_of_about_eight_kilobytes() -> None:
    for person in recipients(0, 10):
        texts = [compile_template(source, html=source is HTML).render(person.context) for source in (TEXT, HTML)]
        assert 6_500 < len("".join(texts).encode()) < 8_500
