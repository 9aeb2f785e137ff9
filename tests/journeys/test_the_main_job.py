"""The main job from import to account, as `manage.py demo` does it, in a process and a database of its own."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

CUSTOMERS = 400


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("demo")
    purchases = folder / "purchases.txt"
    purchases.write_text("".join(lines()))
    done = subprocess.run(
        [sys.executable, "manage.py", "demo", "--json", "--data", str(purchases)],
        env={**os.environ, "ALMANAC_DATA": str(folder)},
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    return dict(json.loads(done.stdout))


def lines() -> list[str]:
    """Every customer orders once, every other one a second time, every twentieth 60 days before the last day."""
    first = [f" {number:05} 19970{1 + number % 9}10  1   11.77\n" for number in range(1, CUSTOMERS + 1)]
    second = [f" {number:05} 19980501  2   29.33\n" for number in range(1, CUSTOMERS + 1) if number % 20 == 0]
    third = [f" {number:05} 19980630  1   14.96\n" for number in range(1, CUSTOMERS + 1) if number % 2 == 1]
    return ["customer date cds dollars\n", *first, *second, *third]


def test_every_send_and_channel_adds_up(account: dict[str, Any]) -> None:
    for send in account["sends"]:
        assert send["audience"] == send["admitted"] + sum(send["withheld"].values()), send
        assert send["admitted"] == sum(send["states"].values()), send


def test_each_kind_of_trigger_goes_out(account: dict[str, Any]) -> None:
    admitted = {send["trigger"] for send in account["sends"] if send["admitted"]}
    assert admitted == {"at", "recurring", "event", "silence"}


def test_what_the_ledger_calls_sent_arrived_and_nothing_else(account: dict[str, Any]) -> None:
    def sent(channel: str) -> int:
        return sum(send["states"].get("sent", 0) for send in account["sends"] if send["channel"] == channel)

    assert account["received_by_channel"] == {"email": sent("email"), "in_app": sent("in_app")}
    assert sent("email") > 0
    assert account["duplicates"] == 0


def test_nobody_is_over_a_cap_that_was_in_force(account: dict[str, Any]) -> None:
    assert account["over_cap"] == 0
    assert sum(send["withheld"].get("capped", 0) for send in account["sends"]) > 0


def test_dispatching_again_sends_nothing_more(account: dict[str, Any]) -> None:
    assert account["received_again"] == 0
