"""What tests of channels share: a certificate, and no session that outlives its test."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deliveries.channels.smtp.pool import POOL


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for `localhost`, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


@pytest.fixture(autouse=True)
def _no_session_is_left() -> Iterator[None]:
    yield
    POOL.empty()
