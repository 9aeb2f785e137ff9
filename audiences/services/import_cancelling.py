"""An import that somebody stops: what was read stays, the rest is not read, and the file is not kept."""

from datetime import datetime

from django.db import transaction

from audiences.models import ImportRun


def cancel_import(run_id: int, by: str, now: datetime) -> bool:
    """Whether it was still under way. Whoever is reading it finds it ended at the next batch, and stops."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        if run.state != ImportRun.State.RUNNING:
            return False
        run.state, run.message, run.finished_at, run.carry = ImportRun.State.FAILED, f"Stopped by {by}."[:300], now, {}
        stored, run.stored_file.name = run.stored_file.name, ""
        run.save(update_fields=["state", "message", "finished_at", "carry", "stored_file"])
    if stored:
        run.stored_file.storage.delete(stored)
    return True
