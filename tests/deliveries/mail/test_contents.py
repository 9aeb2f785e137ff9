"""Whole mails: what is written is what is read, and the same as what Django would send."""

from collections.abc import Sequence
from email.message import EmailMessage
from itertools import chain
from typing import Any

import pytest
from django.core.mail import EmailMessage as DjangoMail
from django.core.mail import EmailMultiAlternatives
from hypothesis import example, given
from hypothesis import strategies as st

from deliveries.mail import CannotCompose, MailTemplate, mail_of
from deliveries.mail.contents import BOUNDARY, NONE
from deliveries.mail.words import one_line
from tests.deliveries.mail.reading import as_read, check_wire, content, read, read_content

# Anything that Unicode has, but for halves of characters.
ANY = st.characters(exclude_categories=["Cs"])
# What has gone wrong somewhere before: line ends, dots, soft breaks, long words, and bytes that fall on a line's end.
AWKWARD = st.sampled_from(
    [
        *("\n", "\r\n", "\r", ".", "\n.", "..\n", "From ", "\nFrom me", " \n", "\t\n", "\x00", "=", "=\n"),
        *("=?utf-8?q?x?=", "\u2028", "\x85", "\x0b\x0c\x1c", "é" * 40, "日本" * 30),
        *("x" * 75, "x" * 73 + "=", "y" * 1200, "ab" * 37 + ".", " " * 80),
    ]
)
TEXTS = st.lists(st.text(ANY, max_size=60) | AWKWARD, max_size=6).map("".join)
WORDS = TEXTS.filter(lambda text: text.replace("\x00", "").strip())
# Between pieces of a template there is never a CR: what was rendered has one kind of line end.
PIECES = st.lists(TEXTS.map(lambda text: text.replace("\r", "")), min_size=1, max_size=5)
SCRIPTS = st.sampled_from(["", "", "Dear ", "Уважаемая ", "尊敬的客户，"])


def whole(pieces: Sequence[str], values: Sequence[str]) -> str:
    return "".join(chain.from_iterable(zip(pieces, [*values, ""], strict=True)))


def django_mail(subject: str, html: str, text: str, **headers: str) -> EmailMessage:
    kind = EmailMultiAlternatives if html else DjangoMail
    mail = kind(subject, text, "Almanac <almanac@example.com>", ["ada@example.com"], headers=headers)
    if isinstance(mail, EmailMultiAlternatives):
        mail.attach_alternative(html, "text/html")
    return read(mail.message().as_bytes())


def shape(message: EmailMessage) -> list[tuple[str, str | None]]:
    """Content types and charsets of the mail and its parts."""
    return [(part.get_content_type(), part.get_content_charset()) for part in message.walk()]


# Django writes what looks like an encoded word as it is, and it is read as something else.
@given(subject=TEXTS.filter(lambda text: "=?" not in text), html=st.just("") | TEXTS, text=WORDS)
def test_a_mail_reads_as_the_one_that_django_would_send(subject: str, html: str, text: str) -> None:
    subject, html, text = one_line(f"S{subject}"), as_read(html) if html else "", as_read(text)
    mail = mail_of(subject, html, text)
    ours, theirs = read_content(mail), django_mail(subject, html, text)
    # Where Django puts a long subject on the next line, the break is read as a space.
    assert str(ours["Subject"]) == str(theirs["Subject"]).strip()
    assert shape(ours) == shape(theirs)
    for kind in ["plain", "html"] if html else ["plain"]:
        assert content(ours, kind) == as_read(content(theirs, kind))
    check_wire((mail.subject + mail.body).encode())


@given(subject=TEXTS, html=WORDS, text=WORDS)
@example(subject="x" * 500, html="\n" * 9, text="\n\n.\n")
def test_whatever_is_written_is_read_the_same(subject: str, html: str, text: str) -> None:
    message = read_content(mail_of(f"S{subject}", html, text))
    assert str(message["Subject"]) == one_line(f"S{subject}")
    assert content(message, "plain") == as_read(text)
    assert content(message, "html") == as_read(html)
    assert message.defects == []


@given(st.data(), SCRIPTS, PIECES, PIECES, PIECES)
def test_a_template_makes_the_mail_that_its_whole_texts_would_make(
    data: st.DataObject, script: str, subject: list[str], html: list[str], text: list[str]
) -> None:
    subject, html, text = ["S", *subject], [*html, script * 20], [script * 20, *text]
    values = [[data.draw(TEXTS).replace("\r", "") for _ in pieces[1:]] for pieces in (subject, html, text)]
    mail = MailTemplate(subject, html, text).fill(*values)
    texts = list(map(whole, (subject, html, text), values))
    assert told(mail) == told(mail_of(*texts))
    check_wire((mail.subject + mail.body).encode())


def told(mail: Any) -> dict[str, Any]:
    """All that a reader is told; nothing for a mail that says nothing."""
    message = read_content(mail)
    parts = {part.get_content_type(): content(message, part.get_content_subtype()) for part in leaves(message)}
    return {"subject": str(message["Subject"]), "says something": bool(mail.body), **parts}


def leaves(message: EmailMessage) -> list[Any]:
    return [part for part in message.walk() if not part.is_multipart()]


def test_a_mail_of_both_parts_is_an_alternative_with_the_text_first() -> None:
    message = read_content(mail_of("Hello", "<p>Dear Ada</p>", "Dear Ada"))
    assert shape(message) == [("multipart/alternative", None), ("text/plain", "utf-8"), ("text/html", "utf-8")]
    assert (content(message, "plain"), content(message, "html")) == ("Dear Ada\n", "<p>Dear Ada</p>\n")
    assert message["MIME-Version"] == "1.0"


def test_a_mail_without_html_is_a_text() -> None:
    assert shape(read_content(mail_of("Hello", "", "Dear Ada"))) == [("text/plain", "utf-8")]
    assert shape(read_content(MailTemplate(["Hi"], NONE, ["Dear ", "!"]).fill([], [], ["Ada"]))) == [
        ("text/plain", "utf-8")
    ]


@pytest.mark.parametrize(
    ("subject", "html", "text", "says"),
    [
        ("", "<p>x</p>", "x", (False, True)),
        (" \n\x07 ", "<p>x</p>", "x", (False, True)),
        ("Hello", "", "", (True, False)),
        ("Hello", " \n", "\t", (True, False)),
        ("Hello", "", "x", (True, True)),
        ("Hello", "<img>", "", (True, True)),
    ],
)
def test_what_says_nothing_is_left_empty(subject: str, html: str, text: str, says: tuple[bool, bool]) -> None:
    mails = [mail_of(subject, html, text), MailTemplate(*[["", ""]] * 3).fill([subject], [html], [text])]
    assert [(bool(mail.subject), bool(mail.body)) for mail in mails] == [says, says]


def test_a_text_that_renders_to_nothing_is_derived_like_one_that_is_not_there() -> None:
    mail = MailTemplate(["Hi"], ["<p>Dear ", "</p>"], ["", ""]).fill([], ["Ada"], [""])
    assert content(read_content(mail), "plain") == "Dear Ada\n"


def test_mostly_foreign_letters_go_as_base64_and_the_rest_as_quoted_printable() -> None:
    message = read_content(
        MailTemplate(["Hi"], ["<p>Dear ", "</p>"], ["Уважаемая ", ", привет!"]).fill([], ["Ann"], ["Анна"])
    )
    assert [part["Content-Transfer-Encoding"] for part in leaves(message)] == ["base64", "quoted-printable"]
    assert content(message, "plain") == "Уважаемая Анна, привет!\n"


def test_no_text_ends_a_part() -> None:
    text = f"a\n--{BOUNDARY}\nb\n--{BOUNDARY}--\n"
    message = read_content(MailTemplate(["Hi"], ["x", ""], [text, ""]).fill([], [text], ["c"]))
    assert (content(message, "plain"), content(message, "html")) == (f"{text}c\n", f"x{text}")


@pytest.mark.parametrize("place", range(3))
def test_half_a_character_ends_this_one_mail(place: int) -> None:
    texts = ["Hello", "<p>x</p>", "x"]
    texts[place] += "\ud83c"
    with pytest.raises(CannotCompose):
        mail_of(*texts)
    with pytest.raises(CannotCompose):
        MailTemplate(*([text] for text in texts))
    with pytest.raises(CannotCompose):
        MailTemplate(*[["x", ""]] * 3).fill(*([text] for text in texts))


def test_a_very_long_line_takes_no_time() -> None:
    text = "ü." * 100_000
    assert content(read_content(mail_of("é" * 50_000, "<p>", text)), "plain") == text + "\n"
