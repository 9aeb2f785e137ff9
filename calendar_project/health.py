"""What a load balancer or a supervisor asks: does the process answer, and can it do its work."""

from collections.abc import Callable
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audiences.clock import read_now
from calendar_project.celery import app
from deliveries.models import Heartbeat
from deliveries.queries.running import silent_parts

#: When this process began; what was started with it needs a moment before it has run.
STARTED = timezone.now()
#: How long the broker may take to answer, in seconds.
PATIENCE = 2


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when all is well, 503 with what is not. Says no more than that: anybody can ask.

    The parts of the engine are rows, so that every process knows of all; see `docs/operators.md` on who should ask.
    """
    checks = {"database": _database, "migrations": _migrations, "broker": broker_answers}
    answers = {name: _answer(check) for name, check in checks.items()} | _heartbeats()
    return JsonResponse(answers, status=200 if set(answers.values()) == {"ok"} else 503)


def _answer(check: Callable[[], bool]) -> str:
    try:
        return "ok" if check() else "not ready"
    except Exception:  # whatever a driver raises, the answer is the same
        return "not reachable"


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() is not None


def _migrations() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _heartbeats() -> dict[str, str]:
    """Each part of the engine: `ok`, or when it last ran. Without a database nobody knows, and `database` says why."""
    try:
        silent = silent_parts(read_now(), STARTED)
    except DatabaseError:
        return dict.fromkeys(Heartbeat.Part.values, "not known")
    return {part: _silence(silent[part]) if part in silent else "ok" for part in Heartbeat.Part.values}


def _silence(age: timedelta | None) -> str:
    return "has never run" if age is None else f"last ran {int(age.total_seconds())} s ago"


def broker_answers() -> bool:
    """Whether it does; raises whatever the driver raises where it cannot be reached."""
    with app.connection_for_write(connect_timeout=PATIENCE) as broker:
        broker.ensure_connection(max_retries=1, timeout=PATIENCE)
        return bool(broker.connected)
