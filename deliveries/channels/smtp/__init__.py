"""SMTP (RFC 5321) over several connections at once, knowing of each message how far it came."""

from .envelope import Envelope
from .transport import SmtpTransport

__all__ = ["Envelope", "SmtpTransport"]
