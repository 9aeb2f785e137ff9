"""The text part of a mail that was written as HTML alone: what is read, with the targets of links behind their words.

It is what `plain_text` makes of the rendered HTML. Where it can be told from the template that a value only ever
stands where it is read (or inside a quoted attribute), the text of the template is made once, with the same slots.
"""

import html
import re
from collections.abc import Sequence
from typing import NamedTuple

# Stand for a slot while the text is made: nothing here looks for them, and no written language uses them.
OPEN, CLOSE = "\ue000", "\ue001"
ADDRESS = "https:"  # what the mark of a slot begins with that is the whole address of a link
_MARK = re.compile(rf"({ADDRESS})?{OPEN}(\d+){CLOSE}")
_TAG = re.compile(r"<[^>]*>")
# A tag that has marks in quoted attributes only: no value can reach out of one.
_QUOTED = rf"""(?:"[^"'<>]*"|'[^"'<>]*'|"[^"<>{OPEN}]*"|'[^'<>{OPEN}]*')"""
_PLAIN_TAG = re.compile(
    rf"(?i)<[a-z][a-z0-9]*(?:\s+[a-z][a-z0-9_:.-]*(?:\s*=\s*(?:{_QUOTED}|[a-z0-9#%.:/_-]+))?)*\s*/?>"
)
_LINK = re.compile(rf"""(?i)(href=["'])({OPEN})""")
# An address whose very beginning is only half written.
_HALF_LINK = re.compile(rf"""(?i)href=["'](?:h|ht|htt|https?:?){OPEN}""")
# The beginning of what may be a character reference, which a value could end.
_HALF_REFERENCE = re.compile(rf"&[^\t\n\f <&;]{{0,32}}{OPEN}")
# An ampersand other than those that escaping makes.
_LOOSE = re.compile(r"&(?!amp;|lt;|gt;|#34;|#39;)")


class DerivedText(NamedTuple):
    """The text's pieces; of the HTML's values those that stand between them; and those that are whole addresses."""

    pieces: tuple[str, ...]
    slots: tuple[int, ...]
    addresses: tuple[int, ...]

    def values(self, markup: Sequence[str]) -> list[str] | None:
        """The text's values, from those of the HTML; nothing where one of them may be more than a word or two."""
        every = " ".join(markup)
        if "<" in every or ">" in every or '"' in every or "'" in every:
            return None
        if not all(markup[slot].startswith(("https://", "http://")) for slot in self.addresses):
            return None
        shown = [markup[slot] for slot in self.slots]
        if "&" in every:
            if _LOOSE.search(every):
                return None
            shown = list(map(html.unescape, shown))
        words = " ".join(shown)
        # Otherwise one is empty, or has white space at an end, or other than single spaces inside.
        return shown if " ".join(words.split()) == words and (words or not shown) else None


def plain_text(markup: str) -> str:
    """A simple text of an HTML body."""
    return _read(_without_tags(markup))


def derived_text(pieces: Sequence[str]) -> DerivedText | None:
    """The text of an HTML template, or nothing where it depends on more than what the values say."""
    if any(OPEN in piece or CLOSE in piece for piece in pieces):
        return None
    marked = "".join(f"{piece}{OPEN}{number}{CLOSE}" for number, piece in enumerate(pieces[:-1])) + pieces[-1]
    if _HALF_LINK.search(marked) or not _is_plain(marked):
        return None
    marked = _LINK.sub(rf"\1{ADDRESS}\2", marked)
    text = _without_tags(marked)
    if _HALF_REFERENCE.search(text):
        return None
    addresses = tuple(int(number) for prefix, number in _MARK.findall(marked) if prefix)
    kept = _MARK.split(_read(text))
    return DerivedText(tuple(kept[::3]), tuple(map(int, kept[2::3])), addresses)


def _is_plain(marked: str) -> bool:
    """Whether every slot is outside of tags, or inside of a quoted attribute of a well-written one."""
    tags = _TAG.findall(marked)
    is_whole = "<" not in _TAG.sub("", marked)
    return is_whole and all(_PLAIN_TAG.fullmatch(tag) for tag in tags if OPEN in tag)


def _without_tags(markup: str) -> str:
    text = re.sub(r"(?is)<(style|script|head|title)\b.*?</\1\s*>", "", markup)
    text = re.sub(r"""(?is)<a\b[^>]*?href=["'](https?:[^"']+)["'][^>]*>(.*?)</a\s*>""", r"\2 (\1)", text)
    text = re.sub(r"(?i)<(br|/p|/div|/h[1-6]|/li|/tr)\b[^>]*>", "\n", text)
    return re.sub(r"(?s)<[^>]+>", "", text)


def _read(text: str) -> str:
    lines = [re.sub(r"[ \t\r\f\v\xa0]+", " ", line).strip() for line in html.unescape(text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
