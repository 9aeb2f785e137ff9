"""Which channels there are: names and dotted paths from `settings.CHANNELS`, and nothing else."""

from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from deliveries.channels.base import Channel


class UnknownChannel(KeyError):
    """Raised for a name that `settings.CHANNELS` does not hold."""


def channel_names() -> list[str]:
    """In the order of the settings."""
    return list(settings.CHANNELS)


def channel_class(name: str) -> type[Channel]:
    """The class of a channel, to read its fields without opening anything."""
    if name not in settings.CHANNELS:
        raise UnknownChannel(f"There is no channel “{name}”. There are: {', '.join(channel_names())}.")
    return load(settings.CHANNELS[name])


def channel(name: str) -> Channel:
    """A channel of one's own, to be closed by whoever asked."""
    return channel_class(name)()


@lru_cache(maxsize=100)
def load(path: str) -> type[Channel]:
    """The class at a dotted path. Raises `ImportError`, or `TypeError` for something that is no channel."""
    found = import_string(path)
    if not (isinstance(found, type) and issubclass(found, Channel)):
        raise TypeError(f"{path} is not a deliveries.channels.base.Channel")
    return found


def label(name: str) -> str:
    """What a customer reads for a channel."""
    return (name in settings.CHANNELS and channel_class(name).label) or name.replace("_", " ").capitalize()
