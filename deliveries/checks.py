"""System checks: a channel that cannot be loaded stops the start, not the first send."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from deliveries.channels import registry
from deliveries.channels.email_url import EmailUrlProblem, read_email_url


@register()
def channels_load(**_: Any) -> list[CheckMessage]:
    """Every entry of `CHANNELS` names a class that is a channel."""
    return [problem for name, path in settings.CHANNELS.items() for problem in _problems(name, path)]


def _problems(name: str, path: str) -> list[CheckMessage]:
    try:
        registry.load(path)
    except (ImportError, TypeError) as problem:
        hint = f"CHANNELS[{name!r}] must be the dotted path of a subclass of deliveries.channels.base.Channel."
        return [Error(f"The channel “{name}” cannot be used: {problem}", hint=hint, id="deliveries.E001")]
    return []


@register()
def email_url_can_be_read(**_: Any) -> list[CheckMessage]:
    """`EMAIL_URL` is one that the e-mail channel knows how to open."""
    try:
        read_email_url(settings.EMAIL_URL)
    except EmailUrlProblem as problem:
        return [Error(str(problem), id="deliveries.E002")]
    return []
