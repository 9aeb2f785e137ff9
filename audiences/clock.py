"""The one clock: the database's on PostgreSQL, so that machines cannot disagree; this machine's elsewhere."""

from datetime import datetime
from typing import cast

from django.db import connection
from django.utils import timezone


def read_now() -> datetime:
    """The present moment, aware, UTC. Read once per task or request and passed down."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            return cast(datetime, cursor.fetchone()[0])
    return timezone.now()
