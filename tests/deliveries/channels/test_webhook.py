import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from deliveries.channels.base import Channel, Verdict
from deliveries.channels.webhook import ForbiddenAddress, WebhookChannel, is_public, resolve, sign
from tests.deliveries.channels.contract import ChannelContract

A, D, R, Q = Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.REJECTED, Verdict.AMBIGUOUS


class Receiver(ThreadingHTTPServer):
    """A product's endpoint: keeps what it gets, answers `status`, or nothing at all for 0."""

    daemon_threads = True
    status = 204

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.requests: list[tuple[dict[str, str], dict[str, Any], bytes]] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((dict(self.headers), json.loads(body), body))
        if not self.server.status:
            time.sleep(0.6)
            return
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Location", "http://127.0.0.1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


class TestWebhook(ChannelContract):
    @pytest.fixture(autouse=True)
    def _receiver(self, settings: Any) -> Iterator[None]:
        self.receiver = Receiver()
        thread = threading.Thread(target=self.receiver.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        settings.WEBHOOK_URL = f"http://localhost:{self.receiver.server_address[1]}/hook"
        settings.WEBHOOK_SECRET = "secret"
        settings.WEBHOOK_ALLOW_PRIVATE = True
        settings.WEBHOOK_TIMEOUT = 0.3
        yield
        self.receiver.shutdown()
        self.receiver.server_close()
        thread.join()

    def open_channel(self) -> Channel:
        return WebhookChannel()

    def received(self) -> list[str]:
        return [body["message"]["subject"] for _, body, _ in self.receiver.requests]

    def test_a_post_is_signed_and_carries_its_key(self) -> None:
        self.send(self.outgoing())
        headers, body, raw = self.receiver.requests[0]
        assert headers["Idempotency-Key"] == "1.0123456789abcdef"
        assert headers["X-Almanac-Signature"] == sign(raw, "secret")
        assert headers["Host"].startswith("localhost:")
        assert body["customer"] == "c1"

    @pytest.mark.parametrize(
        ("status", "verdict", "slow_down"),
        [
            (200, A, False),
            (302, R, False),
            (400, R, False),
            (408, D, False),
            (410, R, False),
            (429, D, True),
            (500, D, False),
            (503, D, False),
            (0, Q, False),
        ],
    )
    def test_what_an_answer_means(self, status: int, verdict: Verdict, slow_down: bool) -> None:
        self.receiver.status = status
        outcome = self.send(self.outgoing())[0]
        assert (outcome.verdict, outcome.slow_down) == (verdict, slow_down)
        assert len(self.receiver.requests) == 1

    def test_a_receiver_that_says_when_to_come_again_slows_the_channel_down(self) -> None:
        self.receiver.status, self.receiver.headers = 503, {"Retry-After": "5"}
        outcomes = self.send(self.outgoing(1), self.outgoing(2))
        assert [(outcome.verdict, outcome.slow_down) for outcome in outcomes] == [(D, True)]
        assert outcomes[0].evidence["retry_after"] == 5
        assert len(self.receiver.requests) == 1

    def test_a_receiver_that_is_not_there_defers_and_slows_down(self, settings: Any) -> None:
        settings.WEBHOOK_URL = "http://127.0.0.1:9/"
        outcome = self.send(self.outgoing())[0]
        assert (outcome.verdict, outcome.slow_down) == (D, True)

    @pytest.mark.parametrize(
        "url", ["", "ftp://example.com/", "http://example.com/", "https://127.0.0.1/", "https://[::1]/"]
    )
    def test_an_address_that_is_not_public_https_gets_nothing(self, settings: Any, url: str) -> None:
        settings.WEBHOOK_ALLOW_PRIVATE = False
        settings.WEBHOOK_URL = url
        outcome = self.send(self.outgoing())[0]
        assert (outcome.verdict, outcome.evidence["phase"]) == (D, "resolve")


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "::1",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
        "0.0.0.1",
        "224.0.0.1",
    ],
)
def test_private_addresses_are_known(ip: str) -> None:
    assert not is_public(ip)


def test_a_public_address_is_known() -> None:
    assert is_public("93.184.215.14")
    assert is_public("2606:4700::1111")


def test_a_name_that_leads_home_is_refused() -> None:
    with pytest.raises(ForbiddenAddress):
        resolve("https://localhost/", allow_private=False)
