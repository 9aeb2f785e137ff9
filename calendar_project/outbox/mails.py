"""Mails as the outbox transport left them: one `.eml` file each, named `<sortable time>-<message id>.eml`."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path

from deliveries.cleaning import clean_html

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._+=-]{0,200}\.eml")


@dataclass(frozen=True)
class Heading:
    """One line of the list."""

    name: str
    to: str
    subject: str
    date: str


@dataclass(frozen=True)
class Mail:
    """One mail in full. `html` is cleaned and may be shown in a sandboxed frame; either body may be empty."""

    heading: Heading
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


def names(folder: Path) -> list[str]:
    """The files in the folder, newest first. Opens none of them."""
    if not folder.is_dir():
        return []
    return sorted((entry.name for entry in folder.iterdir() if NAME.fullmatch(entry.name)), reverse=True)


def heading(folder: Path, name: str) -> Heading | None:
    """Reads the head of the file alone. None when an erasure has just taken it away."""
    try:
        with (folder / name).open("rb") as file:
            message = BytesHeaderParser(policy=policy.default).parse(file)
    except FileNotFoundError:
        return None
    return _heading(name, message)


def mail(folder: Path, name: str) -> Mail | None:
    """None when there is no such mail, or the name is none that a mail could have."""
    path = folder / name
    if not NAME.fullmatch(name) or not path.is_file():
        return None
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    return Mail(
        heading=_heading(name, message),
        headers=tuple((key, _shown(value)) for key, value in message.items()),
        text=_body(message, "plain"),
        html=clean_html(_body(message, "html")),
    )


def _heading(name: str, message: EmailMessage) -> Heading:
    return Heading(name, *(_shown(message.get(key, "")) for key in ("To", "Subject", "Date")))


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    try:
        return str(part.get_content()) if part is not None else ""
    except (LookupError, MessageError, ValueError):
        return "This part cannot be read."


def _shown(value: object) -> str:
    """A header may hold bytes that are no text."""
    return str(value).encode("utf-8", "replace").decode()
