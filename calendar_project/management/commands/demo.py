"""`manage.py demo`: the main job from import to account, without a browser, in a database of its own."""

import json
import os
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.test.utils import override_settings

from audiences.clock import read_now
from audiences.models import Customer, Event
from audiences.services.events import EventRow, record_events
from audiences.services.segments import refresh_all
from calendar_project.demo import accounts, cast, workers
from calendar_project.demo.purchases import write_files
from calendar_project.demo.sink import MailSink
from calendar_project.health import broker_answers
from calendar_project.sample.purchases import FILE
from campaigns.services.overlaps import check_overlaps
from campaigns.services.planning import plan_all

# One customer in so many orders while the demo runs, which is what "Thank you" waits for.
ORDERS_NOW = 20


class Command(BaseCommand):
    """See `help`."""

    help = (
        "Does the main job on real purchases, in a database of its own that is thrown away afterwards: imports, "
        "refreshes segments, plans, has approved, admits, dispatches by mail and in-app, and prints the account."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--data", type=Path, default=FILE, help="Purchases: customer, day, CDs, dollars. Gzip or not."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")
        parser.add_argument(
            "--workers", type=int, default=0, help="Let Celery processes of their own do the work, so many at a time."
        )

    def handle(self, *, data: Path, workers: int, **options: Any) -> None:
        if not data.is_file():
            raise CommandError(f"There is no file {data}.")
        if workers and settings.EMBEDDED:
            raise CommandError("--workers needs a deployment's settings: see .env.example.")
        if workers:
            _require_broker()
        self.quiet = options["json"]
        self.seconds: dict[str, float] = {}
        with ExitStack() as stack:
            sink = stack.enter_context(MailSink())
            stack.enter_context(override_settings(EMAIL_URL=sink.url))
            stack.enter_context(own_database())
            account = self._main_job(data, sink, workers)
        self.stdout.write(json.dumps(account, indent=None if self.quiet else 2))

    def _main_job(self, data: Path, sink: MailSink, processes: int) -> dict[str, Any]:
        now = read_now()
        then = now - timedelta(days=1)
        self._step("import", lambda: self._import(data))
        cast.set_the_stage(then)
        self._step("segments", lambda: refresh_all(read_now()))
        self._step("plan and approve", lambda: cast.put_on(now, then, now.replace(tzinfo=None)))
        self._step("overlaps", lambda: (plan_all(now), check_overlaps(now)))
        self._order(now)
        self._work(sink, processes)
        received = sink.received
        # Once more, in this process: nothing is due any more, so nothing may arrive.
        workers.work_here({})
        return {
            "customers": Customer.objects.count(),
            "events": Event.objects.count(),
            "sends": accounts.accounts(),
            "received_by_channel": accounts.received_by_channel(received),
            "over_cap": accounts.over_cap(),
            "received_again": sink.received - received,
            "duplicates": sum(number - 1 for number in sink.arrivals.values()),
            "seconds": self.seconds,
        }

    def _import(self, data: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            customers, events = write_files(data, Path(folder), read_now())
            call_command("import_customers", str(customers), stdout=self.stderr)
            call_command("import_events", str(events), "--property", "cds=cds", stdout=self.stderr)

    def _order(self, now: datetime) -> None:
        """Some customers order at this moment: live events, that fire."""
        ids = list(Customer.objects.order_by("pk").values_list("external_id", flat=True))[::ORDERS_NOW]
        rows = [EventRow(each, "ordered", now, f"demo-{each}") for each in ids]
        for begin in range(0, len(rows), 500):
            record_events(rows[begin : begin + 500], now)

    def _work(self, sink: MailSink, processes: int) -> None:
        if not processes:
            workers.work_here(self.seconds)
            return
        with workers.celery_processes(sink.url, processes):
            workers.wait_for_workers(read_now(), self.seconds)

    def _step(self, name: str, work: Callable[[], object]) -> None:
        if not self.quiet:
            self.stderr.write(f"{name} ...")
        began = time.perf_counter()
        work()
        self.seconds[name] = round(time.perf_counter() - began, 2)


def _require_broker() -> None:
    """Said at once: workers that find no broker wait for it, and the demo for them."""
    try:
        broker_answers()
    except Exception as problem:  # whatever the driver raises
        raise CommandError("Nothing answers at CELERY_BROKER_URL: start the broker first.") from problem


@contextmanager
def own_database() -> Iterator[None]:
    """A new, migrated database beside the configured one; dropped at the end. Django's test runner does the same. On a
    server its name is of this process alone: another demo is not to drop it."""
    before = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = (
        str(settings.ENVIRONMENT.data_dir / "demo.sqlite3")
        if connection.vendor == "sqlite"
        else f"almanac_demo_{os.getpid()}"
    )
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
