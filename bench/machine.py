"""The machine and the versions of a run, in words that name no host."""

import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version

import psutil

from bench.place import Place

LOOK_SECONDS = 5
PACKAGES = ("django", "psycopg", "celery", "django-post-office", "django-mailer")


def machine() -> dict[str, object]:
    """`load_before`: cores that something else keeps busy; figures of a busy machine are not worth much. Looked at for
    some seconds, because the system's own average remembers a minute that is over."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": cores,
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_before": round(psutil.cpu_percent(interval=LOOK_SECONDS) / 100 * (psutil.cpu_count() or 1), 2),
    }


def versions(place: Place) -> dict[str, str]:
    found = {"PostgreSQL": place.postgresql.version, "Redis": place.redis.version, "SQLite": sqlite3.sqlite_version}
    return found | {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
