"""An SMTP server that hangs, drops the line or refuses, at each step of the dialogue."""

from pathlib import Path

import pytest

from tests.deliveries.channels.behaviours import BEHAVIOURS, WAYS, Way, deviations
from tests.deliveries.channels.servers import DROP, HANG, certificate_in
from tests.faults.report import Scenario

# It asks no database, and should run once.
pytestmark = pytest.mark.only_on("postgresql")
RUDE = [behaviour for behaviour in BEHAVIOURS if behaviour.answer in (HANG, DROP)]
PIPELINED = Way(4, pipelining=True)


@pytest.mark.faults("scripted SMTP behaviours")
def test_the_verdict_is_as_tabled_at_each_step(scenario: Scenario, tmp_path: Path) -> None:
    certificate = certificate_in(tmp_path)
    behaviours, ways = (BEHAVIOURS, WAYS) if scenario.is_whole else (RUDE, [PIPELINED])
    wrong: dict[str, list[str]] = {behaviour.at: [] for behaviour in behaviours}
    for behaviour in behaviours:
        for way in ways:
            wrong[behaviour.at] += [f"{behaviour}, {way}: {words}" for words in deviations(behaviour, way, certificate)]
    scenario.report(
        size=f"{len(behaviours)} behaviours × {len(ways)} ways",
        bars={f"the verdict as tabled at {step}": not found for step, found in wrong.items()},
        figures={"wrong": {step: found for step, found in wrong.items() if found}},
    )
