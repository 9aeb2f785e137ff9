"""What a fault scenario hands in: one result each, printed as a line, kept in a JSON, and held against its bars.

Loaded as a pytest plugin. `FAULTS=whole` runs the sizes of `make faults`, anything else the short ones; `SEED` repeats
a run; `FAULTS_JSON` names the file for the results.
"""

import json
import os
import random
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

WHOLE = os.environ.get("FAULTS") == "whole"
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000))
PROPERTY = "fault scenario"


@dataclass(frozen=True)
class Result:
    """`None` is a figure that the scenario does not have. `unseen`: how many of the uncertain the sink never saw."""

    name: str
    on: str
    seed: int
    seconds: float
    size: str = ""
    kills: int | None = None
    lost: int | None = None
    duplicates: int | None = None
    uncertain: int | None = None
    unseen: int | None = None
    bars: dict[str, bool] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> list[str]:
        return (
            [words for words, holds in self.bars.items() if not holds] if self.bars else ["it did not come to an end"]
        )

    @property
    def line(self) -> str:
        counts = [
            f"{name} {value:,}"
            for name in ("kills", "lost", "duplicates", "uncertain", "unseen")
            if (value := getattr(self, name)) is not None
        ]
        verdict = f"DOES NOT HOLD: {'; '.join(self.failed)}" if self.failed else "holds"
        return f"{self.name}: {', '.join([self.size, f'seed {self.seed}', f'{self.seconds} s', *counts])}: {verdict}"


class Scenario:
    """One run of one scenario: its size, its chance, and where its result goes."""

    def __init__(self, node: pytest.Item) -> None:
        marker = node.get_closest_marker("faults")
        assert marker is not None, "a scenario says its name: @pytest.mark.faults(name)"
        self.name = str(marker.args[0])
        self.is_whole = WHOLE
        self.chance = random.Random(f"{SEED} {self.name}")
        self._began = time.monotonic()
        self._node = node
        self._note(Result(self.name, os.environ["TEST_ON"], SEED, 0))

    def size(self, whole: int, short: int) -> int:
        return whole if self.is_whole else short

    def report(self, *, size: int | str, bars: dict[str, bool], **found: Any) -> None:
        """Note the result, then fail if a bar does not hold. `found`: the fields of `Result`."""
        text = f"{size:,}" if isinstance(size, int) else size
        seconds = round(time.monotonic() - self._began, 1)
        result = Result(self.name, os.environ["TEST_ON"], SEED, seconds, size=text, bars=bars, **found)
        self._note(result)
        assert not result.failed, result.line + f" {result.figures}"

    def _note(self, result: Result) -> None:
        others = [pair for pair in self._node.user_properties if pair[0] != PROPERTY]
        self._node.user_properties[:] = [*others, (PROPERTY, json.dumps(asdict(result)))]


@pytest.fixture
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return Scenario(request.node)


class Lines:
    """Prints every result as it comes, from whichever process, and writes it down."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        noted = dict(report.user_properties).get(PROPERTY)
        if noted is None or report.when != "call":
            return
        result = Result(**json.loads(str(noted)))
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        assert terminal is not None
        terminal.ensure_newline()
        terminal.write_line(result.line)
        if name := os.environ.get("FAULTS_JSON"):
            write_down(Path(name), result)


def write_down(path: Path, result: Result) -> None:
    """Into the list of results, over an earlier one of the same name on the same database."""
    results = json.loads(path.read_text()) if path.exists() else []
    kept = [each for each in results if (each["name"], each["on"]) != (result.name, result.on)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([*kept, {**asdict(result), "holds": not result.failed}], indent=1) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Lines(config))
