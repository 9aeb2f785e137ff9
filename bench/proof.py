"""Proof that they all send the same mail: a few of everybody's are kept, read as a mail program does, and compared."""

import re
from collections import Counter
from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape
from pathlib import Path

from bench.letter import HTML, SUBJECT, TEXT, Recipient, recipients
from bench.place import Place
from bench.runners import PATIENCE, Contender, told
from campaigns.rendering import compile_template

COUNT, WARM = 40, 4
# Almanac signs its own links; the others were given one of the same length.
LINK = re.compile(r"https://almanac\.example\.com/u/[^\s\"<>]+")
Mail = tuple[str, str, str, str, bool]


class NotTheSame(Exception):
    """What somebody sent is not the letter, or did not go to each recipient once."""


def prove(place: Place, contenders: Sequence[Contender], kept: Path) -> int:
    """The mean size of a mail on the wire, in bytes. Raises `NotTheSame`. The place's sink keeps mails in `kept`."""
    sizes: list[int] = []
    for contender in contenders:
        with contender.ready(place, COUNT, WARM) as runner:
            before = place.sink.count
            runner.begin()
            place.sink.wait_for(before + COUNT, PATIENCE, runner.processes)
            runner.settle()
        files = list(kept.glob("*.eml"))
        sizes += [path.stat().st_size for path in files]
        _compare(told(contender), [path.read_bytes() for path in files])
        for path in files:
            path.unlink()
    return round(sum(sizes) / len(sizes))


def _compare(who: str, files: Sequence[bytes]) -> None:
    found = Counter(map(_read, files))
    wanted = Counter(map(_expected, recipients(0, WARM + COUNT)))
    if found != wanted:
        odd = next(iter((found - wanted) or (wanted - found)))
        raise NotTheSame(f"{who}: {len(files)} mails, of which {(found - wanted).total()} are wrong; the first: {odd}")


def _read(file: bytes) -> Mail:
    """Recipient, subject, text, HTML, and whether it can be unsubscribed from by one click."""
    recipient, _, content = file.partition(b"\r\n")
    mail = message_from_bytes(content, EmailMessage, policy=default)
    one_click = mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and bool(
        LINK.search(mail["List-Unsubscribe"])
    )
    return (
        recipient.decode(),
        str(mail["Subject"]).strip(),
        _part(mail, "plain"),
        unescape(_part(mail, "html")),
        one_click,
    )


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return _level(part.get_content()) if part else ""


def _level(text: str) -> str:
    return LINK.sub("LINK", text.replace("\r\n", "\n").strip())


def _expected(person: Recipient) -> Mail:
    subject, text, html = (
        compile_template(source, html=source is HTML).render(person.context) for source in (SUBJECT, TEXT, HTML)
    )
    return person.email, subject, _level(text), unescape(_level(html)), True
