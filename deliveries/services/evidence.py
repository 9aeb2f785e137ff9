"""What a channel saw, as it is kept: without the customer's address, in the ledger and in the flight recorder."""

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from deliveries.channels.base import Outcome, Verdict


def scrubbed(outcome: Outcome, address: str) -> Outcome:
    """The outcome without the customer's address, which servers like to repeat: evidence outlives an erasure."""
    if not address or (outcome.verdict is Verdict.ACCEPTED and "@" not in str(outcome.evidence.get("text", ""))):
        return outcome
    spelled = _spelled(address)
    evidence = {
        key: spelled.sub("<address>", value) if isinstance(value, str) else value
        for key, value in outcome.evidence.items()
    }
    return Outcome(outcome.delivery_id, outcome.verdict, evidence, outcome.suppress, outcome.slow_down)


@lru_cache(maxsize=64)
def _spelled(address: str) -> re.Pattern[str]:
    """The address as it is kept, and as it goes over the wire (an international domain in its ASCII form), in whatever
    case the server repeats it."""
    forms = {address}
    local, at, domain = address.rpartition("@")
    with suppress(UnicodeError):
        forms.add(f"{local}{at}{domain.encode('idna').decode()}")
    return re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))), re.IGNORECASE)


def as_record(outcome: Outcome) -> dict[str, Any]:
    """For the flight recorder. Nothing for an accepted one: that it was, is all that must survive."""
    if outcome.verdict is Verdict.ACCEPTED:
        return {}
    told = {"evidence": dict(outcome.evidence), "suppress": outcome.suppress, "slow_down": outcome.slow_down}
    return {"verdict": outcome.verdict, **told}


def from_record(delivery_id: int, record: Mapping[str, Any]) -> Outcome:
    if not record:
        return Outcome(delivery_id, Verdict.ACCEPTED, {"phase": "recorder", "text": "its worker was lost afterwards"})
    told = {name: record[name] for name in ("evidence", "suppress", "slow_down") if name in record}
    return Outcome(delivery_id, Verdict(record["verdict"]), **told)
