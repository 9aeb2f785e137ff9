"""A mail's subject and text as they go over the wire, and the template that makes one for each customer."""

from collections.abc import Sequence
from typing import NamedTuple

from .bodies import Body, body_of, joined
from .headers import subject_line
from .plain import derived_text, plain_text
from .words import CannotCompose

# Neither encoding can write "=_", so that no text ever holds it.
BOUNDARY = "=_almanac_alternative"
VERSION = "MIME-Version: 1.0\r\n"
ALTERNATIVES = f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n--{BOUNDARY}\r\n'
NONE = ("",)  # the pieces of a template without anything in it
UNENCODABLE = "the message holds half a character, which cannot be encoded"


class MailContent(NamedTuple):
    """What of a mail is the same whoever gets it, encoded.

    `subject` is the header with its line end, `body` all from the headers of MIME on. Each is empty where it would say
    nothing.
    """

    subject: str
    body: str


class MailTemplate:
    """The pieces of a subject, an HTML and a text template, encoded once; `NONE` for a text that there is not.

    Raises `CannotCompose`.
    """

    def __init__(self, subject: Sequence[str], html: Sequence[str], text: Sequence[str]) -> None:
        self._pieces = (subject, html, text)
        self._derived = derived_text(html) if _is_none(text) else None
        # With words in every part there is nothing to ask of what a customer's own come to.
        self._is_certain = (self._derived is not None or _says_something(text)) and (
            _is_none(html) or _says_something(html)
        )
        try:
            self._subject = subject_line(subject[0]) if len(subject) == 1 else None
            self._parts = _Parts(self._derived.pieces if self._derived else text, html)
        except UnicodeEncodeError as error:
            raise CannotCompose(UNENCODABLE) from error

    def fill(self, subject: Sequence[str], html: Sequence[str], text: Sequence[str]) -> MailContent:
        """The mail with these values between the pieces. Raises `CannotCompose`."""
        words = text if self._derived is None else self._derived.values(html)
        if words is None or not self._is_certain:
            return mail_of(*map(joined, self._pieces, (subject, html, text)))
        try:
            line = subject_line(joined(self._pieces[0], subject)) if self._subject is None else self._subject
            return MailContent(line, self._parts.fill(words, html))
        except UnicodeEncodeError as error:
            raise CannotCompose(UNENCODABLE) from error


def mail_of(subject: str, html: str, text: str) -> MailContent:
    """A mail of these texts; the text part is derived where there is only HTML. Raises `CannotCompose`."""
    words = text or (plain_text(html) if html else "")
    try:
        body = _Parts((words,), (html,)).fill((), ()) if text.strip() or html.strip() else ""
        return MailContent(subject_line(subject), body)
    except UnicodeEncodeError as error:
        raise CannotCompose(UNENCODABLE) from error


class _Parts:
    """The text, and the HTML where there is some."""

    def __init__(self, text: Sequence[str], html: Sequence[str]) -> None:
        self._text = body_of(text)
        self._html = None if _is_none(html) else body_of(html)
        self._head = f"{VERSION}{ALTERNATIVES if self._html else ''}{_headers('plain', self._text)}"
        self._between = f"\r\n--{BOUNDARY}\r\n{_headers('html', self._html)}" if self._html else ""

    def fill(self, text: Sequence[str], html: Sequence[str]) -> str:
        words = f"{self._head}{self._text.fill(text)}"
        return f"{words}{self._between}{self._html.fill(html)}\r\n--{BOUNDARY}--\r\n" if self._html else words


def _headers(kind: str, body: Body) -> str:
    return f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: {body.encoding}\r\n\r\n'


def _is_none(pieces: Sequence[str]) -> bool:
    return len(pieces) == 1 and not pieces[0]


def _says_something(pieces: Sequence[str]) -> bool:
    return any(piece.strip() for piece in pieces)
