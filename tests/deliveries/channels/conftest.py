"""What tests of channels share: a certificate, and no session that outlives its test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deliveries.channels.smtp.pool import POOL
from tests.deliveries.channels.servers import certificate_in


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def _no_session_is_left() -> Iterator[None]:
    yield
    POOL.empty()
