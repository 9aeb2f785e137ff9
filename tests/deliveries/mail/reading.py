"""Reading mail back, as a mail program does, and what every mail must hold to on the wire."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from deliveries.mail import MailContent


def read(data: bytes) -> EmailMessage:
    return message_from_bytes(data, _class=EmailMessage, policy=default)


def read_content(mail: MailContent) -> EmailMessage:
    return read((mail.subject + mail.body).encode())


def content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def as_read(text: str) -> str:
    """What is promised of any text: no NUL, one kind of line end, and one at the end."""
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"


def check_wire(data: bytes) -> None:
    """What servers on the way may rely on."""
    lines = data.split(b"\r\n")
    assert data.isascii()
    assert b"\0" not in data
    assert not set(b"\r\n") & set(b"".join(lines))
    assert lines[-1] == b""
    assert not any(line.startswith((b".", b"From ")) for line in lines)
    assert all(len(line) <= 76 or line.startswith((b"List-", b"Message-ID:", b"To:")) for line in lines)
    assert max(map(len, lines)) <= 998
