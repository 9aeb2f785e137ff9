"""One e-mail as bytes (RFC 5322, MIME): pure, from plain values. Nothing that a customer typed can become a header."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr

# Headers that machines read letter by letter. The email package would fold a long address into an encoded word.
VERBATIM = frozenset({"message-id", "list-unsubscribe", "list-unsubscribe-post"})


class WirePolicy(EmailPolicy):
    """How we write mail; as `email.policy.SMTP`, but for the headers that must not be folded."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name.lower() in VERBATIM else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode() if name.lower() in VERBATIM else super().fold_binary(name, value)


# Bodies go as quoted-printable or base64: safe on any server, and no line is longer than 76.
POLICY = WirePolicy(linesep="\r\n", cte_type="7bit", max_line_length=76)
UTF8_POLICY = POLICY.clone(utf8=True)
HEADERS = frozenset({"List-Unsubscribe", "List-Unsubscribe-Post", "Reply-To", "X-Almanac-Delivery"})
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+")


class CannotCompose(ValueError):
    """This message cannot be made into a mail; the text says why. It has not left and never will."""


@dataclass(frozen=True)
class Mail:
    """What a mail is made from. `message_id` is without brackets; `date` is aware."""

    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


def compose(mail: Mail) -> bytes:
    """The whole message with CRLF line ends; a text part is derived where there is only HTML."""
    policy = POLICY if mail.recipient.isascii() else UTF8_POLICY
    message = EmailMessage(policy=policy)
    try:
        for name, value in _headers(mail).items():
            message[name] = value
        _fill(message, mail)
        return message.as_bytes()
    except CannotCompose:
        raise
    except (ValueError, MessageError) as error:
        raise CannotCompose(f"the message cannot be encoded ({type(error).__name__})") from error


def check_address(address: str) -> str:
    """The address, if it is one that may stand in an SMTP command. Raises `CannotCompose`."""
    labels = address.rpartition("@")[2].split(".")
    if len(address) > 320 or not _ADDRESS.fullmatch(address) or not all(labels):
        raise CannotCompose("the address is not one that mail can be sent to")
    return address


def wire_address(address: str) -> str:
    """The address with an international domain in its ASCII form; the part before the @ stays as it is."""
    local, _, domain = check_address(address).rpartition("@")
    try:
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise CannotCompose("the domain of the address cannot be encoded") from error


def one_line(text: str) -> str:
    """The text without line breaks and control characters: fit for a header, harmless in one."""
    return _BREAKS.sub(" ", text).strip()


def plain_text(markup: str) -> str:
    """A simple text of an HTML body: what is read, with the targets of links behind their words."""
    text = re.sub(r"(?is)<(style|script|head|title)\b.*?</\1\s*>", "", markup)
    text = re.sub(r"""(?is)<a\b[^>]*?href=["'](https?:[^"']+)["'][^>]*>(.*?)</a\s*>""", r"\2 (\1)", text)
    text = re.sub(r"(?i)<(br|/p|/div|/h[1-6]|/li|/tr)\b[^>]*>", "\n", text)
    text = html.unescape(re.sub(r"(?s)<[^>]+>", "", text))
    lines = [re.sub(r"[ \t\r\f\v\xa0]+", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _headers(mail: Mail) -> dict[str, object]:
    unknown = set(mail.headers) - HEADERS
    if unknown:
        raise CannotCompose(f"these headers are not allowed: {', '.join(sorted(map(one_line, unknown)))}")
    if any(_BREAKS.search(value) for value in mail.headers.values()):
        raise CannotCompose("a header must not hold a line break or a control character")
    return {
        "From": _sender(mail.sender),
        "To": _address(wire_address(mail.recipient)),
        "Subject": one_line(mail.subject),
        "Date": format_datetime(mail.date),
        "Message-ID": f"<{mail.message_id}>",
        **mail.headers,
    }


def sender_address(sender: str) -> str:
    """The bare address of a From line such as `Almanac <almanac@example.com>`."""
    return wire_address(parseaddr(one_line(sender))[1])


def _sender(sender: str) -> Address:
    return _address(sender_address(sender), parseaddr(one_line(sender))[0])


def _address(address: str, name: str = "") -> Address:
    # In two parts: as one, the email package refuses what SMTPUTF8 allows before the @.
    local, _, domain = address.rpartition("@")
    return Address(display_name=name, username=local, domain=domain)


def _fill(message: EmailMessage, mail: Mail) -> None:
    message.set_content(_body(mail.text or plain_text(mail.html)), cte=_encoding(mail.text))
    if mail.html:
        message.add_alternative(_body(mail.html), subtype="html", cte=_encoding(mail.html))


def _body(text: str) -> str:
    # NUL is forbidden in mail; other line ends would be counted as text.
    return text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")


def _encoding(text: str) -> str:
    """Quoted-printable for what is mostly ASCII, base64 for the rest: whichever is shorter."""
    return "quoted-printable" if sum(not c.isascii() for c in text) * 6 < len(text) + 60 else "base64"
