"""Everything that `make bench` measures, in its order. A new measure is one more line in `MEASURES`."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench import mail
from bench.contenders import BESIDE, ROWS, installed
from bench.machine import versions
from bench.place import place
from bench.processes import ROOT
from bench.proof import prove
from bench.runners import PATIENCE, Contender, told
from bench.sink import Sink

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How much of everything. `only`: contenders with one of these in their words; empty: all of them."""

    mails: int = 20_000
    rounds: int = 3
    customers: int = 1_000_000
    only: tuple[str, ...] = ()
    whole: bool = True  # what is not one of the table's rows, too

    def chosen(self, contenders: list[Contender]) -> list[Contender]:
        return [each for each in installed(contenders) if any(part in told(each) for part in self.only or ("",))]


def measure_all(size: Size, folder: Path, tell: Tell) -> dict[str, Any]:
    """Results by key, as they go into the JSON."""
    results: dict[str, Any] = {}
    for name, measure in MEASURES:
        began = time.monotonic()
        tell(f"{name} ...")
        results |= measure(size, folder, tell)
        tell(f"{name}: {time.monotonic() - began:.0f} s")
    return results


def _same_mail(size: Size, folder: Path, tell: Tell) -> dict[str, Any]:
    kept = folder / "kept"
    kept.mkdir()
    with place(folder / "proof", kept) as ground:
        return {"mail_bytes": prove(ground, size.chosen(ROWS), kept)}


def _mail(size: Size, folder: Path, tell: Tell) -> dict[str, Any]:
    with place(folder / "mail") as ground:
        found: dict[str, Any] = {
            "sink": {"name": ground.sink.name, "raw_per_second": _raw_rate(ground.sink, size.mails)}
        }
        found["versions"] = versions(ground)
        found["mail"] = mail.measure(ground, size.chosen(ROWS), size.mails, size.rounds, tell)
        beside = size.chosen(BESIDE) if size.whole else []
        found["mail_beside"] = mail.measure(ground, beside, size.mails, 1, tell)
    return found


def _raw_rate(sink: Sink, mails: int) -> int:
    """What the sink takes from a client that does nothing but write."""
    before = sink.count
    command = [sys.executable, "-m", "bench.raw_client", str(sink.port), str(mails)]
    with subprocess.Popen(command, cwd=ROOT):  # noqa: S603 - our own
        # From its first mail on: the start of its interpreter says nothing about the sink.
        began, first = sink.wait_for(before + 1, PATIENCE), sink.count
        ended = sink.wait_for(before + mails, PATIENCE)
    return round((before + mails - first) / (ended - began))


def _admission(size: Size, folder: Path, tell: Tell) -> dict[str, Any]:
    return {"admission": _measured(size, "admission", size.customers)}


def _latency(size: Size, folder: Path, tell: Tell) -> dict[str, Any]:
    return {"latency": _measured(size, "latency")}


def _week_page(size: Size, folder: Path, tell: Tell) -> dict[str, Any]:
    return {"week_page": _measured(size, "week_page")}


def _measured(size: Size, module: str, *arguments: int) -> dict[str, Any]:
    """What `bench.<module>.measure` says; that it was not measured where there is no such module."""
    if not size.whole:
        return {"not_measured": "a look at mail alone"}
    if find_spec(f"bench.{module}") is None:
        return {"not_measured": f"there is no bench.{module} yet"}
    found: dict[str, Any] = import_module(f"bench.{module}").measure(*arguments)
    return found


MEASURES: list[tuple[str, Callable[[Size, Path, Tell], dict[str, Any]]]] = [
    ("the mails are the same", _same_mail),
    ("mail out", _mail),
    ("admission", _admission),
    ("event to message", _latency),
    ("the week page", _week_page),
]
