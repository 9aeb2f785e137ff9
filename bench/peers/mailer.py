"""django-mailer: filled through its own e-mail backend, emptied by its own command."""

import django

django.setup()

from django.core.mail import get_connection  # noqa: E402 - Django is set up first
from django.core.management import call_command  # noqa: E402

from bench.letter import recipients  # noqa: E402
from bench.peers.letters import in_lots, letter  # noqa: E402
from bench.peers.obeying import obey  # noqa: E402


def fill(first: int, count: int) -> None:
    """It stores whole messages, so they are rendered here."""
    queue = get_connection("mailer.backend.DbBackend")
    for some in in_lots(recipients(first, count)):
        queue.send_messages(list(map(letter, some)))


def send(processes: int) -> None:
    call_command("send_mail")


if __name__ == "__main__":
    obey({"migrate": lambda: call_command("migrate", verbosity=0), "fill": fill, "send": send})
