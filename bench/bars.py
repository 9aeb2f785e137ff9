"""What Almanac must reach, each a ratio or a time within one run: computed from the results, and nothing else."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.contenders import POST_OFFICE

Results = Mapping[str, Any]
FASTER, CPU_SHARE, OVER_COPY = 10.0, 1 / 6, 3.0
IDLE_S, BULK_S = 2.0, 5.0
OVER_BARE, WEEK_MS, WEEK_BYTES = 3.0, 150.0, 400_000.0


@dataclass(frozen=True)
class Bar:
    """`measured` is None where its measure is missing."""

    words: str
    bar: str
    measured: float | None
    holds: bool | None

    @property
    def verdict(self) -> str:
        return {True: "holds", False: "does not hold", None: "not measured"}[self.holds]


def bars(results: Results) -> list[Bar]:
    return list(_bars(results))


def _bars(results: Results) -> Iterator[Bar]:
    rows = results["mail"]
    ours = next(
        (row for row in rows if (row["name"], row["database"], row["workers"]) == ("Almanac", "PostgreSQL", 1)), None
    )
    theirs = [row for row in rows if row["name"] == POST_OFFICE]
    faster = cpu = None
    if ours and theirs:
        faster = ours["per_second"] / max(row["per_second"] for row in theirs)
        cpu = ours["cpu_s_per_1000"] / min(row["cpu_s_per_1000"] for row in theirs)
    yield _at_least("mails a second, one worker on PostgreSQL, over the better row of post-office", FASTER, faster)
    yield _at_most("CPU per 1,000 mails, of the thriftier row of post-office", CPU_SHARE, cpu)
    yield _at_most(
        "admission of 1,000,000 over the bare COPY of its rows", OVER_COPY, results["admission"].get("ratio")
    )
    latency = results["latency"]
    yield _at_most("event to message, idle, median in seconds", IDLE_S, latency.get("idle", {}).get("median_s"))
    yield _at_most(
        "event to message, during a bulk send, median in seconds",
        BULK_S,
        latency.get("during_bulk", {}).get("median_s"),
    )
    week = results["week_page"]
    yield _at_most("a week of 600 sends over a bare view of the same rows", OVER_BARE, week.get("ratio"))
    yield _at_most("a week of 600 sends, server time, median in milliseconds", WEEK_MS, week.get("median_ms"))
    yield _at_most("a week of 600 sends, bytes of HTML", WEEK_BYTES, week.get("bytes"))
    gone = week.get("gone", {})
    yield _at_most("and 300,000 messages of them gone, over the bare view", OVER_BARE, gone.get("ratio"))
    yield _at_most("and 300,000 messages of them gone, median in milliseconds", WEEK_MS, gone.get("median_ms"))


def _at_least(words: str, bar: float, measured: float | None) -> Bar:
    return _bar(words, f"at least {bar:.3g}", measured, lambda value: value >= bar)


def _at_most(words: str, bar: float, measured: float | None) -> Bar:
    return _bar(words, f"at most {bar:.3g}", measured, lambda value: value <= bar)


def _bar(words: str, bar: str, measured: float | None, test: Callable[[float], bool]) -> Bar:
    return Bar(words, bar, measured, None if measured is None else test(measured))
