"""The text of a header (RFC 5322, 2.2.3; RFC 2047): on one line, folded, or in encoded words."""

import re
from binascii import b2a_base64, b2a_qp

LINE = 76
WORD = 75  # an encoded word at the longest; a line of its own, after the space that it begins with
FRAME = len("=?utf-8?q??=")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")


class CannotCompose(ValueError):
    """This message cannot be made into a mail; the text says why. It has not left and never will."""


def one_line(text: str) -> str:
    """The text without line breaks and control characters: fit for a header, harmless in one."""
    if not (text.isascii() and text.isprintable()):
        text = _BREAKS.sub(" ", text)
    return text.strip()


def folded(text: str, room: int) -> str:
    """One line of text in lines of at most 76; `room` is what the first has left. Raises `UnicodeEncodeError`."""
    if text.isascii() and "=?" not in text:
        if len(text) <= room:
            return text
        if lines := _at_spaces(text, room):
            return lines
    return encoded_words(text, room)


def encoded_words(text: str, room: int, *, is_phrase: bool = False) -> str:
    """The same in encoded words, whichever encoding is shorter. In a phrase, such as a name, it is always base64."""
    data = text.encode()
    quoted = _quoted_word(data)
    if is_phrase or len(quoted) * 3 > len(data) * 4:
        return "\r\n ".join(f"=?utf-8?b?{word}?=" for word in _in_base64(data, room - FRAME))
    return "\r\n ".join(f"=?utf-8?q?{word}?=" for word in _in_quoted(quoted, room - FRAME))


def _at_spaces(text: str, room: int) -> str:
    """Folded at single spaces, which unfolding gives back exactly; nothing where that is not possible."""
    lines = [""]
    for word in text.split(" "):
        if not word or len(word) >= min(room, WORD):
            return ""
        if len(lines[-1]) + 1 + len(word) <= (room if len(lines) == 1 else WORD):
            lines[-1] += f" {word}" if lines[-1] else word
        else:
            lines.append(word)
    return "\r\n ".join(lines)


def _quoted_word(data: bytes) -> str:
    return b2a_qp(data, header=True).replace(b"=\n", b"").replace(b"?", b"=3F").decode("ascii")


def _in_quoted(quoted: str, room: int) -> list[str]:
    words, begin = [], 0
    while len(quoted) - begin > room:
        end = begin + room
        end -= 1 if quoted[end - 1] == "=" else 2 if quoted[end - 2] == "=" else 0
        # A character is never divided: its later bytes are 80 to BF.
        while quoted[end] == "=" and quoted[end + 1] in "89AB":
            end -= 3
        words.append(quoted[begin:end])
        begin, room = end, WORD - FRAME
    return [*words, quoted[begin:]]


def _in_base64(data: bytes, room: int) -> list[str]:
    words, begin = [], 0
    while len(data) - begin > room // 4 * 3:
        end = begin + room // 4 * 3
        while data[end] & 0xC0 == 0x80:
            end -= 1
        words.append(data[begin:end])
        begin, room = end, WORD - FRAME
    return [b2a_base64(word, newline=False).decode("ascii") for word in [*words, data[begin:]]]
