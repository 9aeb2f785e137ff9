"""What the scenarios send: customers, campaigns that go out now by the common way, and the wait until they are over."""

import time
from collections.abc import Callable
from datetime import date
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Count

from audiences.addresses import address_hash
from audiences.clock import read_now
from audiences.models import Customer, Workspace
from campaigns.models import Campaign, HistoryEntry, Send
from deliveries.models import Delivery
from deliveries.services.admitting import begin_due_sends
from tests.deliveries.scenes import make_approved_send, make_cap
from tests.faults.processes import Processes
from tests.faults.report import WHOLE

# Seconds. A message that was deferred twice, because its server had a bad moment, comes to its end after five minutes.
PATIENCE = 600 if WHOLE else 330
DECIDED = (Send.State.SENDING, Send.State.DONE, Send.State.CANCELLED)


def make_people(count: int) -> range:
    """Their ids, 1 to `count`."""
    Workspace.current()
    Customer.objects.bulk_create(
        Customer(pk=pk, external_id=f"c{pk}", email=address_of(pk), address_hash=address_hash(address_of(pk)))
        for pk in range(1, count + 1)
    )
    return range(1, count + 1)


def address_of(customer_id: int) -> str:
    return f"c{customer_id}@example.com"


def begin_send(members: range, **fields: Any) -> Send:
    """A send by e-mail that is due now, with its audience frozen; the workers decide on it and carry it out.

    `start_date` is long past, so that planning finds nothing to add to what stands here.
    """
    now = read_now()
    send = make_approved_send(members, now, start_date=date(2020, 1, 1), **fields)
    begin_due_sends(now)
    return send


def begin_capped_sends(count: int) -> None:
    """Two sends that race for a cap of one a day: whichever is first, there are `count` deliveries in the end."""
    people = make_people(count)
    make_cap(1, 1)
    begin_send(people)
    begin_send(people[: count // 10])


def is_over() -> bool:
    """Every send is decided on and no delivery is on its way. Where the database is away, it is not over."""
    try:
        deciding = Send.objects.exclude(state__in=DECIDED).exists()
        return not deciding and not Delivery.objects.filter(state__in=Delivery.OPEN).exists()
    except (DatabaseError, InterfaceError):
        connection.close()
        return False


def wait_for(condition: Callable[[], bool], processes: Processes, seconds: float = PATIENCE) -> None:
    """Raises with how things stand and what the processes last said where it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        late = time.monotonic() > deadline
        assert not late, f"after {seconds} seconds it had not happened\n{standing()}\n{processes.logs()}"
        time.sleep(0.1)


def standing() -> str:
    """The states of campaigns, sends and deliveries, and what was done to the campaigns."""
    campaigns, sends = Campaign.objects.values_list("pk", "status"), Send.objects.values_list("pk", "state")
    deliveries = Delivery.objects.order_by().values_list("send", "state").annotate(rows=Count("pk"))
    history = HistoryEntry.objects.values_list("campaign", "action", "note")
    return "\n".join(str(list(rows)) for rows in (campaigns, sends, deliveries, history))
