"""Mail out: every contender sends the same letters to the same sink, in turn, several times; medians are told."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bench.place import Place
from bench.processes import Peak, cpu_seconds
from bench.runners import PATIENCE, Contender, Runner, told

Tell = Callable[[str], None]
LATE = 0.3  # seconds in which a mail too many would show


@dataclass(frozen=True)
class Run:
    """One contender, once. CPU in seconds per 1,000 mails, memory in MB."""

    per_second: float
    queue_s: float
    cpu_client: float
    cpu_database: float
    cpu_broker: float
    cpu_total: float
    peak_mb: float


def measure(place: Place, contenders: Sequence[Contender], count: int, rounds: int, tell: Tell) -> list[dict[str, Any]]:
    """One row for each contender, of the medians of its runs: A B C, A B C."""
    runs: dict[int, list[Run]] = {number: [] for number in range(len(contenders))}
    for turn in range(rounds):
        for number, contender in enumerate(contenders):
            run = _run(place, contender, count)
            runs[number].append(run)
            tell(f"  {turn + 1}/{rounds}  {told(contender)}: {run.per_second:,.0f} mails/s")
    return [_row(contender, count, runs[number]) for number, contender in enumerate(contenders)]


def _run(place: Place, contender: Contender, count: int) -> Run:
    with contender.ready(place, count, warm=max(count // 20, 50)) as runner:
        return _timed(place, runner, count)


def _timed(place: Place, runner: Runner, count: int) -> Run:
    """From the word to the last mail at the sink. Costs are read until its own records are complete."""
    clients = [process.pid for process in runner.processes]
    groups = [clients, [place.postgresql.pid], [place.redis.pid]]
    before, cpu = place.sink.count, list(map(cpu_seconds, groups))
    with Peak(clients) as peak:
        began = time.monotonic()
        runner.begin()
        ended = place.sink.wait_for(before + count, PATIENCE, runner.processes)
        runner.settle()
    client, database, broker = (
        (now - then) / count * 1000 for now, then in zip(map(cpu_seconds, groups), cpu, strict=True)
    )
    time.sleep(LATE)
    if place.sink.count != before + count:
        raise RuntimeError(f"{place.sink.count - before} mails came where {count} were sent")
    total = client + database + broker
    return Run(count / (ended - began), runner.queue_s, client, database, broker, total, peak.most)


def _row(contender: Contender, count: int, runs: Sequence[Run]) -> dict[str, Any]:
    middle = {name: median(getattr(run, name) for run in runs) for name in asdict(runs[0])}
    return {
        "name": contender.name,
        "database": contender.database,
        "workers": contender.workers,
        "processes": contender.processes,
        "messages": count,
        "per_second": round(middle["per_second"], 1),
        "cpu_s_per_1000": round(middle["cpu_total"], 4),
        "cpu_client_s_per_1000": round(middle["cpu_client"], 4),
        "cpu_database_s_per_1000": round(middle["cpu_database"], 4),
        "cpu_broker_s_per_1000": round(middle["cpu_broker"], 4),
        "peak_mb": round(middle["peak_mb"], 1),
        "queue_s": round(middle["queue_s"], 2),
        "runs_per_second": [round(run.per_second, 1) for run in runs],
    }
