"""The engine's figures in Prometheus's text format. Every series is always there, so that an alert never misses one."""

import math
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from campaigns.models import Send
from deliveries.channels.registry import channel_names
from deliveries.models import Breaker, Delivery
from deliveries.queries.figures import RATE_OVER, Figures, lanes

Labels = TypeVar("Labels", bound=tuple[str, ...])
RECENT = "of the sends that are under way or ended in the last 24 hours"
BREAKER = {Breaker.Standing.CLOSED: 0, Breaker.Standing.WAITING: 1, Breaker.Standing.HALF_OPEN: 2}


def exposition(found: Figures) -> bytes:
    """These figures and nothing else: what a single process could tell of itself would be another's at the next ask."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(found))
    return generate_latest(registry)


class _Families:
    """What prometheus-client calls a collector."""

    def __init__(self, found: Figures) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        for family in (_deliveries, _oldest_due, _sent, _breakers, _heartbeats, _sends, _findings):
            yield family(self._found)


def _deliveries(found: Figures) -> Metric:
    states = {(channel, state): 0 for channel in channel_names() for state in Delivery.State.values}
    told = f"Deliveries. planned, claimed, sending: all that there are. Every other state: {RECENT}."
    return _gauge("almanac_deliveries", told, ["channel", "state"], states | found.deliveries)


def _oldest_due(found: Figures) -> Metric:
    told = "How long the longest due message has waited to leave; 0: none is due. Paused campaigns are left out."
    ages = {
        (channel, "urgent" if urgent else "bulk"): found.oldest_due.get((channel, urgent), timedelta(0)).total_seconds()
        for channel, urgent in lanes()
    }
    return _gauge("almanac_oldest_due_seconds", told, ["channel", "lane"], ages)


def _sent(found: Figures) -> Metric:
    told = f"Messages that the channel took, per second over the last minute, {RECENT}."
    seconds = RATE_OVER.total_seconds()
    rates = {(channel,): found.sent_last_minute.get(channel, 0) / seconds for channel in channel_names()}
    return _gauge("almanac_sent_per_second", told, ["channel"], rates)


def _breakers(found: Figures) -> Metric:
    told = "The circuit breaker. 0: closed, messages leave. 1: waiting, nothing is tried. 2: half open, a few try it."
    closed = dict.fromkeys(channel_names(), Breaker.Standing.CLOSED)
    standings = {(channel,): BREAKER[standing] for channel, standing in (closed | found.breakers).items()}
    return _gauge("almanac_breaker", told, ["channel"], standings)


def _heartbeats(found: Figures) -> Metric:
    told = "How long ago a part of the engine last ran, to within five seconds; +Inf: never."
    ages = {(part,): math.inf if age is None else age.total_seconds() for part, age in found.heartbeats.items()}
    return _gauge("almanac_heartbeat_age_seconds", told, ["part"], ages)


def _sends(found: Figures) -> Metric:
    counts = {(state,): found.sends.get(state, 0) for state in Send.State.values}
    return _gauge("almanac_sends", "Sends on the calendar.", ["state"], counts)


def _findings(found: Figures) -> Metric:
    return _gauge("almanac_findings_open", "Overlaps that nobody has settled yet.", [], {(): found.findings_open})


def _gauge(name: str, told: str, labels: list[str], values: Mapping[Labels, float]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=labels)
    for each, value in sorted(values.items()):
        family.add_metric(list(each), value)
    return family
