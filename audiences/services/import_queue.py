"""The stored files that are under way, and who reads which: the tick's part of imports."""

from datetime import datetime, timedelta

from django.db import transaction

from audiences.models import ImportRun
from audiences.services.import_reading import Clock
from audiences.services.importing import LEASE, TakenOver, continue_import


def continue_running(clock: Clock, seconds: float = 20) -> list[int]:
    """Go on with the stored files that are under way, for about `seconds`. The ids of the runs that were read."""
    until = clock() + timedelta(seconds=seconds)
    running = ImportRun.objects.filter(state=ImportRun.State.RUNNING).exclude(stored_file="").order_by("id")
    done = []
    for run_id in running.values_list("pk", flat=True):
        if clock() < until and _lease(run_id, clock()):
            _continue_leased(run_id, clock, until)
            done.append(run_id)
    return done


def _continue_leased(run_id: int, clock: Clock, until: datetime) -> None:
    try:
        continue_import(run_id, clock, until=until)
    except TakenOver:
        return
    _end_lease(run_id)


def _lease(run_id: int, now: datetime) -> bool:
    """Only spares two workers from reading the same file at once; what keeps the counts right is the position."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        if run.state != ImportRun.State.RUNNING or run.carry.get("leased_until", "") > now.isoformat():
            return False
        run.carry["leased_until"] = (now + LEASE).isoformat()
        run.save(update_fields=["carry"])
    return True


def _end_lease(run_id: int) -> None:
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        run.carry.pop("leased_until", None)
        run.save(update_fields=["carry"])
