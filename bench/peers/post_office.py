"""django-post-office: filled by `send_many`, emptied by its own command."""

import os

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django is set up first
from post_office import mail  # noqa: E402
from post_office.models import EmailTemplate  # noqa: E402

from bench.letter import HTML, SENDER, SUBJECT, TEXT, Recipient, recipients  # noqa: E402
from bench.peers.letters import in_lots  # noqa: E402
from bench.peers.obeying import obey  # noqa: E402

RENDERED_BEFOREHAND = os.environ["BENCH_VARIANT"] == "rendered"


def fill(first: int, count: int) -> None:
    """Rendered on delivery unless told otherwise: as its documentation advises for many mails of one template."""
    texts = {"subject": SUBJECT, "content": TEXT, "html_content": HTML}
    template, _ = EmailTemplate.objects.get_or_create(name="letter", defaults=texts)
    for some in in_lots(recipients(first, count)):
        mail.send_many([_queued(each, template) for each in some])


def _queued(to: Recipient, template: EmailTemplate) -> dict[str, object]:
    return {
        "recipients": [to.email],
        "sender": SENDER,
        "template": template,
        "context": to.context,
        "headers": to.headers,
        "render_on_delivery": not RENDERED_BEFOREHAND,
    }


def send(processes: int) -> None:
    call_command("send_queued_mail", processes=processes)


if __name__ == "__main__":
    obey({"migrate": lambda: call_command("migrate", verbosity=0), "fill": fill, "send": send})
