"""What the planner of PostgreSQL believes of a table, brought up to date after rows came in bulk."""

from django.db import connection
from django.db.models import Model

# From so many new rows on, the old figures would choose a wrong index. Autovacuum would see to it a minute later.
MASS_INSERT = 10_000


def refresh_statistics(*models: type[Model]) -> None:
    """ANALYZE their tables; one that is being analysed by somebody else at this moment is passed over."""
    if connection.vendor != "postgresql":
        return
    tables = ", ".join(model._meta.db_table for model in models)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE (SKIP_LOCKED) {tables}")
