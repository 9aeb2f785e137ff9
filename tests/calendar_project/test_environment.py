"""What the operator sets: each branch, and that what is wrong is said in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from calendar_project.environment import EnvironmentProblem, read_environment
from deliveries.channels.channel_rates import CHANNELS

PROJECT = Path(__file__).resolve().parents[2]
COMPLETE = {
    "DATABASE_URL": "postgresql://almanac:a%2Fpassword@db.example.com:5432/almanac?sslmode=require",
    "CELERY_BROKER_URL": "redis://redis.example.com:6379/0",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    "SECRET_KEY": "s" * 50,
    "ALLOWED_HOSTS": "almanac.example.com, 10.0.0.1",
    "BASE_URL": "https://almanac.example.com/",
}


def problem_of(project: Path, **changed: str) -> str:
    with pytest.raises(EnvironmentProblem) as caught:
        read_environment({**COMPLETE, **changed}, project)
    return str(caught.value)


def test_nothing_set_is_the_embedded_workspace(tmp_path: Path) -> None:
    environment = read_environment({}, tmp_path)
    assert environment.embedded
    assert environment.database == {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(tmp_path / "var" / "almanac.sqlite3"),
    }
    assert environment.broker_url == "memory://localhost/"
    assert environment.email_url == f"outbox://{tmp_path}/var/outbox"
    assert environment.base_url == "http://127.0.0.1:8000"
    assert (environment.port, environment.shard_size) == (8000, 65_536)


def test_blank_is_not_set(tmp_path: Path) -> None:
    assert read_environment(dict.fromkeys(COMPLETE, " "), tmp_path).embedded


def test_the_embedded_workspace_can_be_moved(tmp_path: Path) -> None:
    environment = read_environment({"ALMANAC_DATA": str(tmp_path / "here"), "PORT": "8001"}, Path("/nowhere"))
    assert environment.data_dir == tmp_path / "here"
    assert environment.base_url == "http://127.0.0.1:8001"


def test_its_secret_is_made_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    first, second = read_environment({}, tmp_path), read_environment({}, tmp_path)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 50
    assert [(path.name, path.stat().st_mode & 0o777) for path in (tmp_path / "var").iterdir()] == [
        ("secret_key", 0o600)
    ]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EnvironmentProblem, match=r"which cannot be written .*Set ALMANAC_DATA"):
        read_environment({"ALMANAC_DATA": str(tmp_path / "file" / "data")}, tmp_path)


def test_a_complete_environment_is_a_deployment(tmp_path: Path) -> None:
    environment = read_environment(COMPLETE, tmp_path)
    assert not environment.embedded
    assert environment.database == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "almanac",
        "USER": "almanac",
        "PASSWORD": "a/password",
        "HOST": "db.example.com",
        "PORT": 5432,
        "OPTIONS": {"sslmode": "require"},
    }
    assert environment.allowed_hosts == ["almanac.example.com", "10.0.0.1"]
    assert environment.base_url == "https://almanac.example.com"
    assert environment.address_hash_key == environment.secret_key
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("name", COMPLETE)
def test_each_missing_one_is_named(tmp_path: Path, name: str) -> None:
    assert problem_of(tmp_path, **{name: ""}).startswith(f"{name} must be set too, because ")


def test_all_missing_ones_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem) as caught:
        read_environment({"DATABASE_URL": COMPLETE["DATABASE_URL"]}, tmp_path)
    assert str(caught.value) == (
        "CELERY_BROKER_URL, EMAIL_URL, SECRET_KEY, ALLOWED_HOSTS, BASE_URL must be set too, because DATABASE_URL is: "
        "a deployment needs all of DATABASE_URL, CELERY_BROKER_URL, EMAIL_URL, SECRET_KEY, ALLOWED_HOSTS, BASE_URL. "
        "See .env.example."
    )


WRONG = [
    ("DATABASE_URL", "mysql://host/name", "must begin with one of postgresql://, postgres://, sqlite://"),
    ("DATABASE_URL", "almanac", "it has no scheme at all"),
    ("DATABASE_URL", "postgresql://host:port/name", "cannot be read as a URL"),
    ("DATABASE_URL", "postgresql://host", "names no database"),
    ("CELERY_BROKER_URL", "memory://", "must begin with one of redis://"),
    ("CELERY_BROKER_URL", "redis:///0", "names no host"),
    ("EMAIL_URL", "mail.example.com:25", "must begin with one of smtp://"),
    ("EMAIL_URL", "smtp://", "names no host"),
    ("EMAIL_URL", "smtp://host:mail", "cannot be read as a URL"),
    ("EMAIL_URL", "smtp://host?timeout=long", "cannot be read"),
    ("EMAIL_URL", "memory://", "must begin with one of"),
    ("EMAIL_URL", "outbox://", "names no folder"),
    ("EMAIL_URL", "anymail+://", "names no provider"),
    ("SECRET_KEY", "short", "must have at least 50 characters"),
    ("ALLOWED_HOSTS", " , ", "takes host names with commas between them"),
    ("ALLOWED_HOSTS", "https://almanac.example.com", "“https://almanac.example.com” is none"),
    ("ALLOWED_HOSTS", "one.example.com two.example.com", "is none"),
    ("BASE_URL", "almanac.example.com", "it has no scheme at all"),
    ("BASE_URL", "ftp://almanac.example.com", "must begin with one of https://, http://"),
    ("BASE_URL", "https://almanac.example.com/almanac", "a scheme and a host with no path"),
    ("BASE_URL", "https://", "a scheme and a host with no path"),
    ("SHARD_SIZE", "many", "must be a whole number from 1 to 16777216; it is “many”"),
    ("SHARD_SIZE", "0", "must be a whole number"),
    ("LEASE_SECONDS", "soon", "must be a whole number from 1 to 86400; it is “soon”"),
    ("CHANNEL_RATES", "sms=3", "“sms=3” is none. The channels are email, in_app, webhook."),
    ("CHANNEL_RATES", "100", "“100” is none."),
    ("CHANNEL_RATES", "email", "for “email” it is “”."),
    ("CHANNEL_RATES", "email=fast", "for “email” it is “fast”."),
    ("CHANNEL_RATES", "email=0", "from 0.001 to 1000000; for “email” it is “0”."),
    ("CHANNEL_RATES", "email=-1", "it is “-1”"),
    ("CHANNEL_RATES", "email=1e400", "it is “1e400”"),
    ("CHANNEL_RATES", "email=.", "it is “.”"),
    ("CHANNEL_RATES", "email=1,email=2", "names a channel twice"),
    ("CHANNEL_RATES", "webhook=20", "without WEBHOOK_URL there is no such channel"),
    ("METRICS_TOKEN", "short", "must have at least 20 characters"),
    ("PORT", "-1", "must be a whole number from 1 to 65535"),
    ("PORT", "70000", "must be a whole number from 1 to 65535"),
    ("LOG_LEVEL", "loud", "must be one of DEBUG, INFO"),
]


@pytest.mark.parametrize(("name", "value", "says"), WRONG)
def test_a_wrong_one_says_what_would_be_right(tmp_path: Path, name: str, value: str, says: str) -> None:
    told = problem_of(tmp_path, **{name: value})
    assert told.startswith(name)
    assert says in told


def test_no_password_is_repeated(tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL"):
        assert "hunter2" not in problem_of(tmp_path, **{name: "smb://user:hunter2@host/name"})
        assert "hunter2" not in problem_of(tmp_path, **{name: f"{COMPLETE[name].split(':')[0]}://u:hunter2@host:x/"})


ACCEPTED = [
    ("DATABASE_URL", "postgres://postgres:@/almanac?host=/run/postgresql"),
    ("DATABASE_URL", "sqlite:////var/lib/almanac/almanac.sqlite3"),
    ("CELERY_BROKER_URL", "amqp://user:password@rabbit.example.com//"),
    ("CELERY_BROKER_URL", "rediss://redis.example.com/0"),
    ("CELERY_BROKER_URL", "redis+socket:///run/redis.sock"),
    ("EMAIL_URL", "smtp://127.0.0.1:25"),
    ("EMAIL_URL", "smtps://user:password@mail.example.com:465"),
    ("EMAIL_URL", "anymail+postmark://?server_token=abc"),
    ("EMAIL_URL", "outbox:///var/lib/almanac/outbox"),
    ("BASE_URL", "http://127.0.0.1:8000"),
    ("CHANNEL_RATES", "email=100, in_app = 0.5,"),
    ("METRICS_TOKEN", "m" * 20),
    ("ALLOWED_HOSTS", "*"),
]


@pytest.mark.parametrize(("name", "value"), ACCEPTED)
def test_these_are_accepted(tmp_path: Path, name: str, value: str) -> None:
    assert not read_environment({**COMPLETE, name: value}, tmp_path).embedded


RABBIT = "amqp://user:password@rabbit.example.com//"


def test_rates_are_numbers_by_channel(tmp_path: Path) -> None:
    given = {"CHANNEL_RATES": "email=100, webhook=0.5", "WEBHOOK_URL": "https://hooks.example.com/"}
    assert read_environment({**COMPLETE, **given}, tmp_path).channel_rates == {"email": 100.0, "webhook": 0.5}
    assert read_environment(given, tmp_path).channel_rates == {"email": 100.0, "webhook": 0.5}


def test_a_rate_can_be_set_for_every_channel_that_there_is() -> None:
    assert set(settings.CHANNELS) <= set(CHANNELS)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "redis://redis.example.com:6379/0"),
        ({"REDIS_URL": "redis://other.example.com/1"}, "redis://redis.example.com:6379/0"),
        ({"CELERY_BROKER_URL": "redis+socket:///run/redis.sock?virtual_host=9"}, "unix:///run/redis.sock?db=9"),
        ({"CELERY_BROKER_URL": RABBIT}, ""),
        ({"CELERY_BROKER_URL": RABBIT, "REDIS_URL": "rediss://other.example.com/1"}, "rediss://other.example.com/1"),
        ({"CELERY_BROKER_URL": RABBIT, "REDIS_URL": "redis+socket:///run/redis.sock"}, "unix:///run/redis.sock"),
    ],
)
def test_rates_are_kept_by_the_broker_where_that_is_a_redis(
    tmp_path: Path, changed: dict[str, str], expected: str
) -> None:
    assert read_environment({**COMPLETE, **changed}, tmp_path).redis_url == expected


def test_rates_without_a_redis_are_refused_in_a_deployment_and_kept_in_memory_in_one_process(tmp_path: Path) -> None:
    told = problem_of(tmp_path, CELERY_BROKER_URL=RABBIT, CHANNEL_RATES="email=100")
    assert told.startswith("REDIS_URL must be set too, because CHANNEL_RATES is and the broker is no Redis")
    embedded = read_environment({"CHANNEL_RATES": "email=100", "REDIS_URL": "redis://somewhere"}, tmp_path)
    assert (embedded.redis_url, embedded.channel_rates) == ("", {"email": 100.0})


@pytest.mark.parametrize(("url", "says"), [("http://x", "must begin with one of redis://"), ("redis://", "no host")])
def test_a_wrong_redis_url_says_what_would_be_right(tmp_path: Path, url: str, says: str) -> None:
    assert says in problem_of(tmp_path, CELERY_BROKER_URL=RABBIT, REDIS_URL=url)


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "manage.py", "check"],
        [sys.executable, "-m", "celery", "-A", "calendar_project", "worker"],
        [sys.executable, "-m", "uvicorn", "calendar_project.asgi:application"],
    ],
    ids=["manage.py", "celery", "uvicorn"],
)
def test_every_way_of_starting_stops_with_one_sentence(command: list[str]) -> None:
    environment = {**os.environ, **COMPLETE, "BASE_URL": "", "PYTHONWARNINGS": "default"}
    ended = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "Almanac cannot start: BASE_URL must be set too, because DATABASE_URL is: a deployment needs all of "
        "DATABASE_URL, CELERY_BROKER_URL, EMAIL_URL, SECRET_KEY, ALLOWED_HOSTS, BASE_URL. See .env.example."
    ]
