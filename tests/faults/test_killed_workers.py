"""Workers are killed in the middle of a send, as kill -9 does it: nothing is lost, nothing comes twice."""

import os
import subprocess
import sys
import time
from asyncio import sleep
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL
from urllib.parse import urlsplit

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from audiences.clock import read_now
from calendar_project.demo.sink import MailSink
from calendar_project.demo.workers import _database_url
from deliveries.models import Delivery
from tests.builders import make_campaign, make_running_send
from tests.deliveries.scenes import make_spread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
MAILS, WORKERS, LEASE = 3_000, 2, 3
# What is marked at once: a quarter of a second of one worker's sending, at a rate that the sink holds down.
WINDOW = 250
PATIENCE = 60  # seconds; a machine that does much else meanwhile is slow


class SlowSink(MailSink):
    """Takes its time over every mail, so that a kill comes in the middle of something."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        await sleep(0.002)
        return await super().handle_DATA(server, session, envelope)


def start_celery(sink: MailSink, log: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATABASE_URL": _database_url(),
        "EMAIL_URL": sink.url,
        "LEASE_SECONDS": str(LEASE),
        "CELERY_QUEUE": f"killed-{os.getpid()}",
    }
    command = [sys.executable, "-m", "celery", "-A", "calendar_project", *arguments, "--loglevel=WARNING"]
    with log.open("ab") as output:
        return subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)


def start_worker(sink: MailSink, log: Path) -> subprocess.Popen[bytes]:
    return start_celery(sink, log, "worker", f"--concurrency={WORKERS}", "--without-mingle", "--without-gossip")


def children_of(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


@contextmanager
def ended(processes: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    """Whatever is in the list at the end of the block goes, with its children."""
    try:
        yield
    finally:
        for process in processes:
            os.killpg(process.pid, SIGKILL)
            process.wait()


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def make_mails() -> None:
    send = make_running_send(make_campaign(), read_now())
    campaign, version = send.campaign, send.version
    Delivery.objects.bulk_create(
        Delivery(
            send=send,
            customer=customer,
            channel="email",
            version=version,
            variant="A",
            topic_id=campaign.topic_id,
            team_id=campaign.team_id,
            obeys_caps=True,
            counts_toward_caps=True,
            due_at=send.due_at,
            closes_at=send.due_at.replace(year=2100),
            expires_at=send.due_at.replace(year=2100),
        )
        for customer in make_spread(range(1, MAILS + 1))
    )


def is_over() -> bool:
    return not Delivery.objects.filter(state__in=Delivery.OPEN).exists()


def in_state(state: str) -> set[str]:
    host = urlsplit("http://testserver").hostname
    ids = Delivery.objects.filter(state=state).values_list("message_id", flat=True)
    return {f"<{message_id}@{host}>" for message_id in ids}


def test_invariant_05_killed_workers_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    make_mails()
    log = tmp_path / "celery.log"
    processes: list[subprocess.Popen[bytes]] = []
    with SlowSink() as sink, ended(processes):
        processes += [start_celery(sink, log, "beat", f"--schedule={tmp_path / 'beat'}"), start_worker(sink, log)]
        for number in range(1, 5):
            assert wait_until(lambda: sink.received >= number * MAILS // 7, PATIENCE), log.read_text()  # noqa: B023 - at once
            for child in children_of(processes[1].pid):
                os.kill(child, SIGKILL)
        # And once the whole worker, its parent and the tasks that it held.
        os.killpg(processes[1].pid, SIGKILL)
        processes[1].wait()
        processes[1] = start_worker(sink, log)
        assert wait_until(is_over, PATIENCE), log.read_text()
    assert max(Counter(sink.arrivals).values()) == 1
    sent, uncertain, seen = in_state("sent"), in_state("uncertain"), set(sink.arrivals)
    assert len(sent) + len(uncertain) == MAILS
    assert sent <= seen <= sent | uncertain
    assert 0 < len(uncertain) <= 5 * WORKERS * WINDOW
