"""Reading a server's answers (RFC 5321, 4.2) out of bytes that come as they like."""

#: No answer is longer; a server that goes on and on makes no sense. (smtplib allows a single line of 8,192.)
LONGEST = 65_536


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


def words(reply: bytes, limit: int = 300) -> str:
    """What the server said beside the code, in lines; fit for a database, which takes no NUL."""
    lines = [line[4:] if line[:3].isdigit() else line for line in reply.splitlines()]
    return b"\n".join(lines).decode("utf-8", "replace").replace("\x00", "")[:limit]


def brief(reply: bytes) -> str:
    """As `words`, of an answer that says yes: its first hundred bytes, made at little cost."""
    return reply[4:104].decode("utf-8", "replace").replace("\x00", "").strip()
