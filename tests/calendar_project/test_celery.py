"""Queues and ticks: who takes what, and that no tick is worth anything for long."""

from typing import Any

import pytest
from django.conf import settings
from kombu.exceptions import OperationalError

from calendar_project.celery import app
from calendar_project.lost_broker import LONGEST_WAIT

FIRST, BULK = settings.CELERY_TASK_DEFAULT_QUEUE, settings.BULK_QUEUE
# What may take seconds, where nobody says another queue.
APPS = {"audiences", "campaigns", "deliveries", "calendar_project"}
IN_BULK = {
    "audiences.tasks.refresh_segments",
    "audiences.tasks.continue_imports",
    "campaigns.tasks.plan_all",
    "campaigns.tasks.check_overlaps",
    "deliveries.tasks.dispatch_channel",
    "deliveries.tasks.admit_shard",
    "deliveries.tasks.tally_finished",
    "calendar_project.tasks.send_mails",
    "calendar_project.tasks.tell_owners",
}


def test_whoever_lost_the_broker_asks_again_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it has been away; the rest of what is promised is for connecting and for the next tick."""
    waits: list[float] = []
    monkeypatch.setattr("kombu.utils.functional.sleep", lambda _: None)
    for connection in (
        app.connection_for_read("redis://127.0.0.1:1/0"),
        app.connection_for_write("redis://127.0.0.1:1"),
    ):
        with pytest.raises(OperationalError):
            connection.ensure_connection(lambda _, wait: waits.append(wait), max_retries=40)
    assert (len(waits), max(waits)) == (80, LONGEST_WAIT)
    assert LONGEST_WAIT <= 5


def our_tasks() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if name.split(".")[0] in APPS}


def queue_of(task: str) -> str:
    return str(app.amqp.router.route({}, task)["queue"].name)


def test_what_may_take_seconds_is_in_the_bulk_queue_and_all_else_in_the_first() -> None:
    assert {task for task in our_tasks() if queue_of(task) == BULK} == IN_BULK
    assert {queue_of(task) for task in our_tasks() - IN_BULK} == {FIRST}


def test_a_worker_that_is_told_nothing_takes_from_both() -> None:
    assert set(app.amqp.queues.consume_from) == {FIRST, BULK}


def test_a_message_for_one_queue_comes_to_no_other() -> None:
    bindings = {(queue.exchange.name, queue.routing_key) for queue in app.amqp.queues.values()}
    assert len(bindings) == 2


@pytest.mark.parametrize("entry", app.conf.beat_schedule.values(), ids=lambda entry: entry["task"])
def test_a_tick_that_nobody_takes_expires(entry: dict[str, Any]) -> None:
    assert entry["task"] in our_tasks() | set(app.tasks)
    assert 0 < entry["options"]["expires"] <= max(5, 2 * entry["schedule"])
    for then in entry["options"].get("link", []):
        assert then.task in our_tasks()
        assert then.immutable
        assert 0 < then.options["expires"] <= 5


def test_what_the_triggers_fire_is_admitted_at_once() -> None:
    assert [each.task for each in app.conf.beat_schedule["triggers"]["options"]["link"]] == [
        "deliveries.tasks.admit_firings"
    ]


def test_workers_wait_for_their_broker_for_ever_and_go_on_meanwhile() -> None:
    assert app.conf.broker_connection_retry_on_startup
    assert app.conf.broker_connection_max_retries is None
    assert app.conf.worker_cancel_long_running_tasks_on_connection_loss is False
