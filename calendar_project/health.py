"""What a load balancer or a supervisor asks: does the process answer, and can it do its work."""

from collections.abc import Callable

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from calendar_project.celery import app

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
    """200 when all is well, 503 with what is not. Says no more than that: anybody can ask."""
    checks = {"database": _database, "migrations": _migrations, "broker": broker_answers}
    answers = {name: _answer(check) for name, check in checks.items()}
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


def broker_answers() -> bool:
    """Whether it does; raises whatever the driver raises where it cannot be reached."""
    with app.connection_for_write(connect_timeout=PATIENCE) as broker:
        broker.ensure_connection(max_retries=1, timeout=PATIENCE)
        return bool(broker.connected)
