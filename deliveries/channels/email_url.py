"""`EMAIL_URL` as a value: which transport, where, and how patient."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

SMTP_SCHEMES = {"smtp": ("", 25), "smtp+tls": ("starttls", 587), "smtps": ("tls", 465)}
#: Seconds for a text and the answer to its dot together. A lease of the usual 120 may have run for thirty when it
#: begins, and must not be over before the message is.
TEXT_AND_ANSWER = 85


class EmailUrlProblem(ValueError):
    """The URL cannot be used; the text says what would be right. It never repeats a password."""


@dataclass(frozen=True)
class SmtpServer:
    """Where mail is handed in. Every wait is bounded: seconds for an answer, and for the answer to the final dot.

    A text may take as long as it goes on: never `timeout` without any of it being taken, nor `text_timeout` as a whole.
    `connections`: how many sessions one dispatch uses at most.
    """

    host: str
    port: int
    security: str = ""  # "", "starttls" or "tls"
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 10
    final_timeout: float = 30
    connections: int = 4

    @property
    def text_timeout(self) -> float:
        return TEXT_AND_ANSWER - self.final_timeout


@dataclass(frozen=True)
class EmailUrl:
    """`kind` is smtp, outbox, memory or anymail; the other fields belong to one kind each."""

    kind: str
    server: SmtpServer | None = None
    folder: str = ""
    esp: str = ""
    options: dict[str, str] = field(default_factory=dict, repr=False)


def read_email_url(url: str) -> EmailUrl:
    """Read `smtp://`, `smtp+tls://`, `smtps://`, `outbox://FOLDER`, `memory://` or `anymail+ESP://?option=value`."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    if parts.scheme in SMTP_SCHEMES:
        return EmailUrl("smtp", server=_smtp_server(url, options))
    if parts.scheme == "outbox":
        return EmailUrl("outbox", folder=_folder(parts.netloc + parts.path))
    if parts.scheme == "memory":
        return EmailUrl("memory")
    if parts.scheme.startswith("anymail+"):
        return EmailUrl("anymail", esp=parts.scheme.removeprefix("anymail+"), options=options)
    raise EmailUrlProblem(
        f"EMAIL_URL begins with “{parts.scheme}”; use smtp://, smtp+tls://, smtps://, outbox:// or anymail+ESP://."
    )


def _smtp_server(url: str, options: dict[str, str]) -> SmtpServer:
    parts = urlsplit(url)
    security, port = SMTP_SCHEMES[parts.scheme]
    if not parts.hostname:
        raise EmailUrlProblem("EMAIL_URL names no host: smtp+tls://user:password@mail.example.com:587")
    try:
        return SmtpServer(
            host=parts.hostname,
            port=parts.port or port,
            security=security,
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            timeout=_seconds(options.get("timeout", "10")),
            final_timeout=_seconds(options.get("final_timeout", "30")),
            connections=_connections(options.get("connections", "4")),
        )
    except ValueError as error:
        raise EmailUrlProblem(f"EMAIL_URL cannot be read: {error}") from None


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 60:
        raise ValueError("a timeout is more than 0 and at most 60 seconds")
    return seconds


def _connections(text: str) -> int:
    connections = int(text)
    if not 1 <= connections <= 20:
        raise ValueError("connections is a number from 1 to 20")
    return connections


def _folder(path: str) -> str:
    if not path:
        raise EmailUrlProblem("EMAIL_URL names no folder: outbox:///var/lib/almanac/outbox")
    return path
