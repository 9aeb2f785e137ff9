"""The machine and the versions of a run, in words that name no host."""

import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version

import psutil

from bench.place import Place

PACKAGES = ("django", "psycopg", "celery", "django-post-office", "django-mailer")


def machine() -> dict[str, object]:
    """`load_before`: what else it was doing; figures of a busy machine are not worth much."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": cores,
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def versions(place: Place) -> dict[str, str]:
    found = {"PostgreSQL": place.postgresql.version, "Redis": place.redis.version, "SQLite": sqlite3.sqlite_version}
    return found | {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
