"""The mail server is away: nothing fails, no attempt is counted, and waiting for it costs next to nothing."""

from datetime import timedelta
from typing import Any

import pytest

from calendar_project.demo.sink import FreePortController
from deliveries.models import Delivery
from deliveries.services.windows import FIRST
from tests.builders import NOW
from tests.deliveries.dispatches import make_memory_send, run, states
from tests.mail_server import MailServer, start_mail_server

pytestmark = pytest.mark.django_db(transaction=True)


def closed_port() -> int:
    _, controller = start_mail_server()
    port: int = controller.port
    controller.stop()
    return port


def start_again(port: int) -> tuple[MailServer, Any]:
    server = MailServer()
    controller = FreePortController(server, hostname="127.0.0.1", port=port)
    controller.start()
    return server, controller


def test_what_was_due_while_the_server_was_down_leaves_once_when_it_is_back(settings: Any) -> None:
    port = closed_port()
    settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
    send = make_memory_send(40, channel="email")
    # The breaker waits longer each time: 5, 10, 20, 40 and 80 seconds. In between nothing is even claimed.
    for second in (0, 5, 15, 35, 75):
        counts = run("email", NOW + timedelta(seconds=second))
        assert (counts["slowed"], counts["claimed"] <= 2 * FIRST) == (1, True)
        assert run("email", NOW + timedelta(seconds=second + 4)) == {}
    assert states(send) == {"planned": 40}
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}
    server, controller = start_again(port)
    try:
        run("email", NOW + timedelta(seconds=155))
    finally:
        controller.stop()
    assert (states(send), len(server.envelopes)) == ({"sent": 40}, 40)
