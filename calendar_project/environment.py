"""What the operator sets, read once: either nothing (the embedded workspace) or everything a deployment needs.

Takes a mapping, returns an `Environment` or raises `EnvironmentProblem` with a sentence that says what to set.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ

from deliveries.channels.channel_rates import ChannelRatesProblem, read_channel_rates
from deliveries.channels.email_url import EmailUrlProblem, read_email_url

REQUIRED = ("DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL", "SECRET_KEY", "ALLOWED_HOSTS", "BASE_URL")
DATABASES = ("postgresql", "postgres", "sqlite")
BROKERS = ("redis", "rediss", "redis+socket", "amqp", "amqps")
# "anymail+" stands for every provider that django-anymail knows: anymail+postmark://?server_token=...
MAILERS = ("smtp", "smtp+tls", "smtps", "outbox", "anymail+")
#: The brokers that are a Redis, which keeps the rates of the channels too.
REDISES = ("redis", "rediss", "redis+socket")
KEY_LENGTH = 50
TOKEN_LENGTH = 20


class EnvironmentProblem(Exception):
    """A setting is missing or wrong; the text says which, and what would be right. Never holds a secret."""


@dataclass(frozen=True)
class Environment:
    """Everything the settings take from outside. `embedded`: one process, SQLite, in-memory broker, local outbox."""

    embedded: bool
    data_dir: Path
    port: int
    database: dict[str, Any]
    broker_url: str
    redis_url: str
    email_url: str
    email_from: str
    secret_key: str
    address_hash_key: str
    allowed_hosts: list[str]
    base_url: str
    shard_size: int
    lease_seconds: int
    freeze_minutes: int
    webhook_url: str
    webhook_secret: str
    channel_rates: dict[str, float]
    metrics_token: str
    log_level: str


def read_environment(variables: Mapping[str, str], project: Path) -> Environment:
    """`variables` is `os.environ`; `project` the folder that holds `manage.py`."""
    given = {name: value.strip() for name, value in variables.items()}
    present = {name: given.get(name, "") for name in REQUIRED}
    if not any(present.values()):
        return _embedded(given, project)
    missing = [name for name, value in present.items() if not value]
    if missing:
        raise EnvironmentProblem(
            f"{', '.join(missing)} must be set too, because {_first_set(present)} is: "
            f"a deployment needs all of {', '.join(REQUIRED)}. See .env.example."
        )
    return _deployed(given, project)


def _first_set(present: Mapping[str, str]) -> str:
    return next(name for name, value in present.items() if value)


def _embedded(given: Mapping[str, str], project: Path) -> Environment:
    data_dir = _data_dir(given, project)
    key = _kept_secret(data_dir / "secret_key")
    port = _whole_number(given, "PORT", 8000, most=65_535)
    return Environment(
        embedded=True,
        database={"ENGINE": "django.db.backends.sqlite3", "NAME": str(data_dir / "almanac.sqlite3")},
        broker_url="memory://localhost/",
        # One process: its own memory keeps the rates.
        redis_url="",
        email_url=f"outbox://{data_dir / 'outbox'}",
        secret_key=key,
        address_hash_key=key,
        allowed_hosts=["localhost", "127.0.0.1", "[::1]"],
        base_url=_address(given.get("ALMANAC_BASE_URL") or f"http://127.0.0.1:{port}", "ALMANAC_BASE_URL"),
        **_common(given, project),
    )


def _deployed(given: Mapping[str, str], project: Path) -> Environment:
    if len(given["SECRET_KEY"]) < KEY_LENGTH:
        raise EnvironmentProblem(
            f"SECRET_KEY must have at least {KEY_LENGTH} characters. Any long random text will do, for example what "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe(50))'` prints."
        )
    return Environment(
        embedded=False,
        database=_database(given["DATABASE_URL"]),
        broker_url=_broker(given["CELERY_BROKER_URL"]),
        redis_url=_redis(given),
        email_url=_mailer(given["EMAIL_URL"]),
        secret_key=given["SECRET_KEY"],
        address_hash_key=given.get("ADDRESS_HASH_KEY") or given["SECRET_KEY"],
        allowed_hosts=_hosts(given["ALLOWED_HOSTS"]),
        base_url=_address(given["BASE_URL"], "BASE_URL"),
        **_common(given, project),
    )


def _common(given: Mapping[str, str], project: Path) -> dict[str, Any]:
    """What both kinds take, each with a default."""
    return {
        "data_dir": _data_dir(given, project),
        "port": _whole_number(given, "PORT", 8000, most=65_535),
        "email_from": given.get("EMAIL_FROM") or "Almanac <almanac@example.com>",
        # Fixed once anything has been admitted: see docs/operators.md.
        "shard_size": _whole_number(given, "SHARD_SIZE", 65_536, most=1 << 24),
        "lease_seconds": _whole_number(given, "LEASE_SECONDS", 120, most=86_400),
        "freeze_minutes": _whole_number(given, "FREEZE_MINUTES", 15, most=1_440),
        "webhook_url": given.get("WEBHOOK_URL", ""),
        "webhook_secret": given.get("WEBHOOK_SECRET", ""),
        "channel_rates": _rates(given),
        "metrics_token": _token(given.get("METRICS_TOKEN", "")),
        "log_level": _log_level(given.get("LOG_LEVEL", "")),
    }


def _data_dir(given: Mapping[str, str], project: Path) -> Path:
    return Path(given.get("ALMANAC_DATA") or project / "var").absolute()


def _kept_secret(path: Path) -> str:
    """A random key made on the first start and kept beside the database, readable by this user alone.

    Written aside and then linked into place: of two first starts at once one key wins, and nobody reads half of it.
    """
    if path.exists():
        return path.read_text().strip()
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(KEY_LENGTH))
    except OSError as error:
        raise EnvironmentProblem(
            f"Almanac keeps its data in {path.parent}, which cannot be written ({error.strerror}). "
            "Set ALMANAC_DATA to a folder that can."
        ) from error
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another start was quicker
    finally:
        draft.unlink()
    return path.read_text().strip()


def _whole_number(given: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    text = given.get(name) or str(default)
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= most:
        raise EnvironmentProblem(f"{name} must be a whole number from 1 to {most}; it is “{text}”.")
    return number


def _log_level(text: str) -> str:
    levels = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    if text and text.upper() not in levels:
        raise EnvironmentProblem(f"LOG_LEVEL must be one of {', '.join(levels)}; it is “{text}”.")
    return text.upper()


def _database(url: str) -> dict[str, Any]:
    _split("DATABASE_URL", url, DATABASES)
    config = dict(environ.Env.db_url_config(url))
    if not config.get("NAME"):
        raise EnvironmentProblem("DATABASE_URL names no database. Use postgresql://user:password@host/name.")
    return config


def _broker(url: str) -> str:
    parts = _split("CELERY_BROKER_URL", url, BROKERS)
    if not parts.hostname and parts.scheme != "redis+socket":
        raise EnvironmentProblem("CELERY_BROKER_URL names no host. Use redis://host:6379/0 or amqp://user:pw@host//.")
    return url


def _redis(given: Mapping[str, str]) -> str:
    """Where the workers keep the rates of the channels together, as redis-py reads it; empty where nothing is kept."""
    broker, own = given["CELERY_BROKER_URL"], given.get("REDIS_URL", "")
    if urlsplit(broker).scheme in REDISES:
        return _for_redis_py(broker)
    if own:
        parts = _split("REDIS_URL", own, REDISES)
        if not parts.hostname and parts.scheme != "redis+socket":
            raise EnvironmentProblem("REDIS_URL names no host. Use redis://host:6379/0.")
        return _for_redis_py(own)
    if given.get("CHANNEL_RATES"):
        raise EnvironmentProblem(
            "REDIS_URL must be set too, because CHANNEL_RATES is and the broker is no Redis: "
            "the workers keep the rates there together. Use redis://host:6379/0."
        )
    return ""


def _for_redis_py(url: str) -> str:
    """Celery writes a socket as redis+socket:///path?virtual_host=1, redis-py as unix:///path?db=1."""
    scheme, rest = url.split("://", 1)
    return f"unix://{rest.replace('virtual_host=', 'db=')}" if scheme == "redis+socket" else url


def _rates(given: Mapping[str, str]) -> dict[str, float]:
    try:
        rates = read_channel_rates(given.get("CHANNEL_RATES", ""))
    except ChannelRatesProblem as problem:
        raise EnvironmentProblem(str(problem)) from None
    if "webhook" in rates and not given.get("WEBHOOK_URL"):
        raise EnvironmentProblem("CHANNEL_RATES names “webhook”, and without WEBHOOK_URL there is no such channel.")
    return rates


def _token(text: str) -> str:
    if text and len(text) < TOKEN_LENGTH:
        raise EnvironmentProblem(
            f"METRICS_TOKEN must have at least {TOKEN_LENGTH} characters, or be left out. Any random text will do, for "
            "example what `python3 -c 'import secrets; print(secrets.token_urlsafe(30))'` prints."
        )
    return text


def _mailer(url: str) -> str:
    parts = _split("EMAIL_URL", url, MAILERS)
    if parts.scheme == "anymail+":
        raise EnvironmentProblem("EMAIL_URL names no provider after anymail+. Use for example anymail+postmark://.")
    try:
        read_email_url(url)
    except EmailUrlProblem as problem:
        raise EnvironmentProblem(str(problem)) from None
    return url


def _hosts(text: str) -> list[str]:
    hosts = [host.strip() for host in text.split(",") if host.strip()]
    wrong = next((host for host in hosts if "/" in host or " " in host), "" if hosts else text)
    if wrong:
        raise EnvironmentProblem(
            f"ALLOWED_HOSTS takes host names with commas between them, like almanac.example.com; “{wrong}” is none."
        )
    return hosts


def _address(url: str, name: str) -> str:
    parts = _split(name, url, ("https", "http"))
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise EnvironmentProblem(f"{name} is a scheme and a host with no path, like https://almanac.example.com.")
    return f"{parts.scheme}://{parts.netloc}"


def _split(name: str, url: str, allowed: tuple[str, ...]) -> SplitResult:
    """The parts of a URL whose scheme is one of `allowed` (an ending + allows any name after it)."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        # The URL may hold a password, so it is not repeated.
        raise EnvironmentProblem(f"{name} cannot be read as a URL: {error}.") from None
    scheme = parts.scheme
    if scheme and any(scheme == known or (known.endswith("+") and scheme.startswith(known)) for known in allowed):
        return parts
    begins = f"it begins with “{scheme}”" if "://" in url else "it has no scheme at all"
    raise EnvironmentProblem(f"{name} must begin with one of {', '.join(f'{one}://' for one in allowed)}; {begins}.")
