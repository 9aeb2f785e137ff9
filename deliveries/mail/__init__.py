"""E-mail as text (RFC 5322, MIME): pure, from plain values. What is the same for everybody is encoded once.

Nothing that a customer typed can become a header. All of it is ASCII with CRLF line ends, but for addresses that have
no ASCII form. No line begins with a dot, so that SMTP has none to double.
"""

from .addresses import check_address, recipient_of, sender_of
from .contents import MailContent, MailTemplate, mail_of
from .headers import date_line, verbatim_lines
from .plain import plain_text
from .words import CannotCompose

__all__ = [
    "CannotCompose",
    "MailContent",
    "MailTemplate",
    "check_address",
    "date_line",
    "mail_of",
    "plain_text",
    "recipient_of",
    "sender_of",
    "verbatim_lines",
]
