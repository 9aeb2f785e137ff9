"""Reading a server's answers (RFC 5321, 4.2) out of bytes that come as they like."""

import re

#: No answer is longer; a server that goes on and on makes no sense. (smtplib allows a single line of 8,192.)
LONGEST = 65_536
_ALL_TAKEN = re.compile(rb"(2\d\d [^\n]*\n)(?:2\d\d [^\n]*\n){2}354 [^\n]*\n")


def reply_at(data: bytes, start: int) -> tuple[int, int] | None:
    """The code of the answer that begins at `start`, and where the next one begins; `None` if it is not all there.

    The last line counts, as in smtplib. A line that begins with no number has the code 0.
    """
    end = data.find(b"\n", start) + 1
    while end and data[start + 3 : start + 4] == b"-":
        start, end = end, data.find(b"\n", end) + 1
    if not end:
        return None
    code = data[start : start + 3]
    return (int(code) if code.isdigit() else 0), end


def all_taken(data: bytes) -> tuple[int, bytes] | None:
    """The first of four answers, with its code, where they are all there is and say that all goes well: the text was
    taken, so were MAIL and RCPT, and the next text may come. At one look what is otherwise four steps; hardly ever is
    there anything else."""
    found = _ALL_TAKEN.fullmatch(data)
    return (int(data[:3]), found[1]) if found else None


def words(reply: bytes, limit: int = 300) -> str:
    """What the server said beside the code, in lines; fit for a database, which takes no NUL."""
    lines = [line[4:] if line[:3].isdigit() else line for line in reply.splitlines()]
    return b"\n".join(lines).decode("utf-8", "replace").replace("\x00", "")[:limit]


def brief(reply: bytes) -> str:
    """As `words`, of an answer that says yes: its first hundred bytes, made at little cost."""
    return reply[4:104].decode("utf-8", "replace").replace("\x00", "").strip()
