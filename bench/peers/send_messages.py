"""Django alone: render, hand to one open connection, remember nothing."""

import django

django.setup()

from django.core.mail import get_connection  # noqa: E402 - Django is set up first

from bench.letter import Recipient, recipients  # noqa: E402
from bench.peers.letters import in_lots, letter  # noqa: E402
from bench.peers.obeying import obey  # noqa: E402

_people: list[Recipient] = []


def fill(first: int, count: int) -> None:
    """It has no queue: whom to write to is in memory."""
    _people[:] = recipients(first, count)


def send(processes: int) -> None:
    with get_connection() as connection:
        for some in in_lots(_people):
            connection.send_messages(list(map(letter, some)))


if __name__ == "__main__":
    obey({"fill": fill, "send": send})
