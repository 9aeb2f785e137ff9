"""A webhook: each message is posted as signed JSON to the one address that the operator set."""

import hashlib
import hmac
import ipaddress
import json
import socket
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings

from deliveries.channels.base import Channel, MayLeave, Outcome, Outgoing, Verdict
from deliveries.channels.in_turn import in_turn

CONTENT = ("title", "body", "link", "subject", "text", "html")


class ForbiddenAddress(ValueError):
    """The address is not one that may be posted to; the text says why."""


class WebhookChannel(Channel):
    """The receiver recognises a repeat by its `Idempotency-Key`, so that an ambiguous post is tried again."""

    label: ClassVar[str] = "Other notifications"
    is_idempotent: ClassVar[bool] = True
    required_fields: ClassVar[tuple[str, ...]] = ()
    fields: ClassVar[tuple[str, ...]] = CONTENT

    def __init__(self) -> None:
        self._client: httpx.Client | None = None
        self._target: tuple[httpx.URL, str] | None = None

    def send(self, messages: Iterable[Outgoing], may_leave: MayLeave) -> Iterator[Outcome]:
        return in_turn(messages, may_leave, self._post)

    def close(self) -> None:
        client, self._client, self._target = self._client, None, None
        if client is not None:
            client.close()

    def _post(self, outgoing: Outgoing) -> Outcome:
        try:
            url, host = self._open()
            request = _request(url, host, outgoing)
        except (ForbiddenAddress, OSError) as problem:
            # Nothing is wrong with the message: the address is not set, forbidden, or not found for now.
            evidence = {"phase": "resolve", "text": str(problem)[:300]}
            return Outcome(outgoing.delivery_id, Verdict.DEFERRED, evidence, slow_down=True)
        except ValueError as problem:
            evidence = {"phase": "compose", "text": type(problem).__name__}
            return Outcome(outgoing.delivery_id, Verdict.REJECTED, evidence)
        return self._ask(request, outgoing.delivery_id)

    def _open(self) -> tuple[httpx.URL, str]:
        """The client and the address, resolved once: what was checked is what is connected to."""
        if self._client is None or self._target is None:
            self._target = resolve(settings.WEBHOOK_URL, allow_private=settings.WEBHOOK_ALLOW_PRIVATE)
            timeout = httpx.Timeout(settings.WEBHOOK_TIMEOUT)
            self._client = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False)
        return self._target

    def _ask(self, request: httpx.Request, delivery_id: int) -> Outcome:
        assert self._client is not None  # noqa: S101 - `_open` has just made it
        try:
            response = self._client.send(request, stream=True)
            response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Outcome(delivery_id, Verdict.DEFERRED, _evidence("connect", error), slow_down=True)
        except httpx.HTTPError as error:
            return Outcome(delivery_id, Verdict.AMBIGUOUS, _evidence("answer", error))
        return _of_answer(delivery_id, response)


def resolve(address: str, *, allow_private: bool) -> tuple[httpx.URL, str]:
    """The address with its host replaced by a checked IP, and the host's name for `Host` and the certificate.

    Raises `ForbiddenAddress` unless it is https and every IP of the host is public; `OSError` where there is none.
    """
    parts = _allowed(address, allow_private)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not allow_private and not all(is_public(ip) for ip in found):
        raise ForbiddenAddress("WEBHOOK_URL leads to a private address; it must be a public one.")
    return httpx.URL(address).copy_with(host=found[0], userinfo=b""), parts.netloc.rpartition("@")[2]


def is_public(ip: str) -> bool:
    address = ipaddress.ip_address(ip.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return address.is_global and not address.is_multicast and (mapped is None or bool(mapped.is_global))


def sign(body: bytes, secret: str) -> str:
    """What the receiver compares: hex HMAC-SHA256 of the body, keyed with `WEBHOOK_SECRET`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _allowed(address: str, allow_private: bool) -> SplitResult:
    parts = urlsplit(address)
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes or not parts.hostname:
        raise ForbiddenAddress("WEBHOOK_URL must be set to a public https:// address.")
    return parts


def _request(url: httpx.URL, host: str, outgoing: Outgoing) -> httpx.Request:
    body = json.dumps(_payload(outgoing), ensure_ascii=False).encode()
    headers = {
        "Host": host,
        "Content-Type": "application/json",
        "Idempotency-Key": outgoing.message_id,
        "X-Almanac-Signature": sign(body, settings.WEBHOOK_SECRET),
    }
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return httpx.Request("POST", url, headers=headers, content=body, extensions=_extensions(name))


def _extensions(name: str) -> dict[str, Any]:
    # The certificate is checked against the name, although the connection goes to the address.
    timeout = httpx.Timeout(getattr(settings, "WEBHOOK_TIMEOUT", 10))
    return {"sni_hostname": name, "timeout": timeout.as_dict()}


def _payload(outgoing: Outgoing) -> dict[str, Any]:
    content = {name: getattr(outgoing, name) for name in CONTENT if getattr(outgoing, name)}
    return {"message_id": outgoing.message_id, "customer": outgoing.external_id, "message": content}


def _of_answer(delivery_id: int, response: httpx.Response) -> Outcome:
    code = response.status_code
    evidence: dict[str, Any] = {"phase": "answer", "code": code, "text": f"HTTP {code}"}
    if 200 <= code < 300:
        return Outcome(delivery_id, Verdict.ACCEPTED, evidence)
    if code in (408, 429) or code >= 500:
        # Too fast, or away and sure to come back: nothing that another message would change.
        asked = response.headers.get("Retry-After", "")
        slow_down = code == 429 or (code == 503 and bool(asked))
        if slow_down and asked.isascii() and asked.isdigit():
            # Seconds. It may be a date too: then the channel waits as long as it does by itself.
            evidence["retry_after"] = int(asked[:9])
        return Outcome(delivery_id, Verdict.DEFERRED, evidence, slow_down=slow_down)
    # A redirect is an answer that we do not follow: the operator sets the address, nobody else.
    return Outcome(delivery_id, Verdict.REJECTED, evidence)


def _evidence(phase: str, error: Exception) -> dict[str, Any]:
    return {"phase": phase, "text": type(error).__name__}
