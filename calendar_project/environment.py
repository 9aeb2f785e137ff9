"""What the operator sets, read once: either nothing (the embedded workspace) or everything a deployment needs.

Pure: takes a mapping, returns an `Environment` or raises `EnvironmentProblem` with a sentence that says what to set.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

REQUIRED = ("DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL", "SECRET_KEY", "ALLOWED_HOSTS", "BASE_URL")
BROKERS = ("redis", "rediss", "redis+socket", "amqp", "amqps")
MAIL_SCHEMES = ("smtp", "smtp+tls", "smtps", "outbox", "anymail+")


class EnvironmentProblem(Exception):
    """A setting is missing or wrong; the text says which, and what would be right."""


@dataclass(frozen=True)
class Environment:
    """Everything the settings take from outside. `embedded`: one process, SQLite, in-memory broker, local outbox."""

    embedded: bool
    data_dir: Path
    database: dict[str, Any]
    broker_url: str
    email_url: str
    secret_key: str
    address_hash_key: str
    allowed_hosts: list[str]
    base_url: str


def read_environment(variables: Mapping[str, str], project: Path) -> Environment:
    """`variables` is `os.environ`; `project` the folder that holds `manage.py`."""
    present = {name: variables.get(name, "").strip() for name in REQUIRED}
    data_dir = Path(variables.get("ALMANAC_DATA", "") or project / "var")
    if not any(present.values()):
        return _embedded(variables, data_dir)
    missing = [name for name, value in present.items() if not value]
    if missing:
        raise EnvironmentProblem(
            f"{', '.join(missing)} must be set too, because {_first_set(present)} is: "
            "a deployment needs all six of " + ", ".join(REQUIRED) + ". See .env.example."
        )
    return _deployed(variables, present, data_dir)


def _first_set(present: Mapping[str, str]) -> str:
    return next(name for name, value in present.items() if value)


def _embedded(variables: Mapping[str, str], data_dir: Path) -> Environment:
    port = variables.get("PORT", "8000")
    key = _kept_secret(data_dir / "secret_key")
    return Environment(
        embedded=True,
        data_dir=data_dir,
        database={"ENGINE": "django.db.backends.sqlite3", "NAME": str(data_dir / "almanac.sqlite3")},
        broker_url="memory://",
        email_url=f"outbox://{data_dir / 'outbox'}",
        secret_key=key,
        address_hash_key=key,
        allowed_hosts=["localhost", "127.0.0.1", "[::1]"],
        base_url=variables.get("ALMANAC_BASE_URL") or f"http://127.0.0.1:{port}",
    )


def _kept_secret(path: Path) -> str:
    """A random key made on the first start and kept beside the database, readable by this user alone."""
    import os
    import secrets

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(50))
    return path.read_text().strip()


def _deployed(variables: Mapping[str, str], present: Mapping[str, str], data_dir: Path) -> Environment:
    database = _database(present["DATABASE_URL"])
    _scheme("CELERY_BROKER_URL", present["CELERY_BROKER_URL"], BROKERS)
    _scheme("EMAIL_URL", present["EMAIL_URL"], MAIL_SCHEMES)
    _scheme("BASE_URL", present["BASE_URL"], ("http", "https"))
    if len(present["SECRET_KEY"]) < 50:
        raise EnvironmentProblem("SECRET_KEY must have at least 50 characters: any long random text will do.")
    return Environment(
        embedded=False,
        data_dir=data_dir,
        database=database,
        broker_url=present["CELERY_BROKER_URL"],
        email_url=present["EMAIL_URL"],
        secret_key=present["SECRET_KEY"],
        address_hash_key=variables.get("ADDRESS_HASH_KEY") or present["SECRET_KEY"],
        allowed_hosts=[host.strip() for host in present["ALLOWED_HOSTS"].split(",") if host.strip()],
        base_url=present["BASE_URL"].rstrip("/"),
    )


def _database(url: str) -> dict[str, Any]:
    _scheme("DATABASE_URL", url, ("postgres", "postgresql", "sqlite"))
    try:
        return dict(environ.Env.db_url_config(url))
    except (ValueError, KeyError) as error:
        raise EnvironmentProblem(
            f"DATABASE_URL cannot be read: {error}. Use postgresql://user:password@host/name."
        ) from error


def _scheme(name: str, url: str, allowed: tuple[str, ...]) -> None:
    scheme = urlsplit(url).scheme
    if not any(scheme == known or (known.endswith("+") and scheme.startswith(known)) for known in allowed):
        raise EnvironmentProblem(
            f"{name} must begin with one of {', '.join(a + '://' for a in allowed)}; it begins with “{scheme}”."
        )
