"""A mail's subject and text as they go over the wire, and the template that makes one for each customer."""

from collections.abc import Sequence
from typing import NamedTuple

from .bodies import Part, joined
from .derived import DerivedPart
from .headers import subject_line
from .plain import plain_text
from .words import CannotCompose

# Neither encoding can write "=_", so that no text ever holds it.
BOUNDARY = "=_almanac_alternative"
VERSION = "MIME-Version: 1.0\r\n"
ALTERNATIVES = f'{VERSION}Content-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n--{BOUNDARY}\r\n'
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
        # With words in every part there is nothing to ask of what a customer's own come to.
        self._is_certain = all(_says_something(pieces) for pieces in (html, text) if tuple(pieces) != NONE)
        try:
            self._subject = subject_line(subject[0]) if len(subject) == 1 else None
            self._html = Part("html", html) if tuple(html) != NONE else None
            self._text = Part("plain", text) if tuple(text) != NONE else None
            self._derived = DerivedPart(html)
        except UnicodeEncodeError as error:
            raise CannotCompose(UNENCODABLE) from error

    def fill(self, subject: Sequence[str], html: Sequence[str], text: Sequence[str]) -> MailContent:
        """The mail with these values between the pieces. Raises `CannotCompose`."""
        try:
            body = self._body(html, text) if self._is_certain else None
            if body is None:
                return mail_of(*map(joined, self._pieces, (subject, html, text)))
            line = subject_line(joined(self._pieces[0], subject)) if self._subject is None else self._subject
            return MailContent(line, body)
        except UnicodeEncodeError as error:
            raise CannotCompose(UNENCODABLE) from error

    def _body(self, html: Sequence[str], text: Sequence[str]) -> str | None:
        if self._html is None:
            return _alone(self._text.fill(text)) if self._text else None
        words = self._text.fill(text) if self._text else self._derived.fill(html)
        return None if words is None else _alternatives(words, self._html.fill(html))


def mail_of(subject: str, html: str, text: str) -> MailContent:
    """A mail of these texts; the text part is derived where there is only HTML. Raises `CannotCompose`."""
    try:
        line = subject_line(subject)
        if not (text.strip() or html.strip()):
            return MailContent(line, "")
        words = Part("plain", [text or plain_text(html)]).fill([])
        return MailContent(line, _alternatives(words, Part("html", [html]).fill([])) if html else _alone(words))
    except UnicodeEncodeError as error:
        raise CannotCompose(UNENCODABLE) from error


def _alternatives(text: str, html: str) -> str:
    return f"{ALTERNATIVES}{text}\r\n--{BOUNDARY}\r\n{html}\r\n--{BOUNDARY}--\r\n"


def _alone(text: str) -> str:
    return VERSION + text


def _says_something(pieces: Sequence[str]) -> bool:
    return any(piece.strip() for piece in pieces)
