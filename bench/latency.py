"""From an event to its message, by the processes of the Procfile: idle, and while a bulk send keeps them busy.

`measure()` does it in a process of its own, because Django reads its settings once; `python -m bench.latency` is that
process, and prints the same as JSON. Both moments are the database's: when the event was recorded, and when the ledger
says that the mail server had taken the mail.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, cast

from bench.processes import ROOT, running
from bench.servers import postgresql, redis_server
from bench.sink import sink

if TYPE_CHECKING:
    from campaigns.models import Campaign

EVENTS = 30
BULK = 20_000
PATIENCE = 120  # seconds until the last message must have come
PROCESSES = ("worker", "urgent", "beat")


def measure(events: int = EVENTS) -> dict[str, dict[str, float]]:
    """`idle` and `during_bulk`: `median_s`, `p95_s`, `max_s`, `n`."""
    command = [sys.executable, "-m", "bench.latency", str(events)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)  # noqa: S603 - our own
    return cast(dict[str, dict[str, float]], json.loads(done.stdout))


@contextmanager
def deployment(folder: Path) -> Iterator[None]:
    """PostgreSQL, Redis, a mail server, the schema, and the processes that the Procfile names."""
    with ExitStack() as stack:
        server = stack.enter_context(postgresql(folder))
        broker = stack.enter_context(redis_server(folder))
        mail = stack.enter_context(sink(folder / "sink.log"))
        os.environ.update(_environment(server.fresh("latency"), broker.url, mail.port, folder))
        _set_up()
        yield
        server.come_to_rest(os.environ["DATABASE_URL"])


def _environment(database: str, broker: str, mail_port: int, folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database,
        "CELERY_BROKER_URL": broker,
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        "SECRET_KEY": "benchmark-" * 6,
        "ALLOWED_HOSTS": "127.0.0.1",
        "BASE_URL": "http://127.0.0.1:8000",
        "ALMANAC_DATA": str(folder / "data"),
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "calendar_project.settings",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


def _set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


@contextmanager
def at_work(folder: Path) -> Iterator[None]:
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    with ExitStack() as stack:
        for name in filter(lines.get, PROCESSES):
            stack.enter_context(running(["sh", "-c", lines[name]], {}, folder / f"{name}.log"))
        yield


def _stage() -> "Campaign":
    """Everybody, and a campaign that waits for their orders. No caps: they are not what is measured."""
    from audiences.models import Customer
    from tests.builders import make_campaign
    from tests.deliveries.scenes import approve, make_id_segment

    rows = (Customer(pk=pk, external_id=f"c{pk}", email=f"c{pk}@example.com", name="Ada") for pk in range(1, BULK + 1))
    Customer.objects.bulk_create(rows, batch_size=5_000)
    everybody = make_id_segment(range(1, BULK + 1))
    waiting = make_campaign([everybody], trigger="event", event="ordered", reentry_days=0)
    approve(waiting)
    return waiting


def _wait_until_it_listens() -> None:
    """What happens before a campaign has begun fires nothing."""
    from campaigns.models import TriggerCursor

    deadline = time.monotonic() + PATIENCE
    while not TriggerCursor.objects.exists():
        if time.monotonic() > deadline:
            raise TimeoutError("no trigger was read: the processes do not work")
        time.sleep(0.1)


def _order(number: int) -> None:
    from audiences.clock import read_now
    from audiences.incoming import EventRow
    from audiences.services.events import record_events

    now = read_now()
    record_events([EventRow(f"c{number}", "ordered", now, f"order-{number}")], now)


def _keep_busy() -> int:
    """Have another send to everybody begin where less than a whole one is left; how many are in the ledger, waiting."""
    from audiences.clock import read_now
    from campaigns.models import Send
    from deliveries.models import Delivery
    from tests.deliveries.scenes import make_approved_send

    now = read_now().replace(second=0, microsecond=0)
    left = Delivery.objects.filter(urgent=False, state__in=Delivery.OPEN).count()
    begun = Send.objects.filter(state__in=["scheduled", "admitting"], due_at__lte=now)
    if left < BULK and not begun.exists():
        make_approved_send(range(1, BULK + 1), now, start_date=now.date(), local_time=now.time())
    return left


def _latencies(waiting: "Campaign", first: int, last: int) -> list[float]:
    from audiences.models import Event
    from deliveries.models import Delivery

    posted = dict(Event.objects.filter(name="ordered").values_list("customer_id", "occurred_at"))
    rows = Delivery.objects.filter(send__campaign=waiting, customer__gte=first, customer__lte=last, state="sent")
    ended = rows.values_list("customer_id", "finished_at")
    return [(at - posted[customer]).total_seconds() for customer, at in ended if at is not None]


def _run(waiting: "Campaign", first: int, count: int, *, is_busy: bool = False) -> dict[str, float]:
    """Orders at moments that have nothing to do with those of the ticks."""
    number, last = first, first + count - 1
    while number <= last:
        time.sleep(random.uniform(0.3, 1.3))
        if not is_busy or _keep_busy():
            _order(number)
            number += 1
    deadline = time.monotonic() + PATIENCE
    while len(found := _latencies(waiting, first, last)) < count:
        if is_busy:
            _keep_busy()
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(found)} of {count} messages came")
        time.sleep(0.2)
    return _told(found)


def _told(seconds: list[float]) -> dict[str, float]:
    told: Mapping[str, float] = {
        "median_s": median(seconds),
        "p95_s": quantiles(seconds, n=20, method="inclusive")[-1],
        "max_s": max(seconds),
    }
    return {**{name: round(value, 3) for name, value in told.items()}, "n": len(seconds)}


def main(events: int) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="almanac-latency-") as name:
        folder = Path(name)
        with deployment(folder):
            waiting = _stage()
            with at_work(folder):
                _wait_until_it_listens()
                _run(waiting, 1, 3)
                idle = _run(waiting, 101, events)
                return {"idle": idle, "during_bulk": _run(waiting, 1001, events, is_busy=True)}


if __name__ == "__main__":
    json.dump(main(int((sys.argv[1:] or [str(EVENTS)])[0])), sys.stdout)
    sys.stdout.write("\n")
