"""The benchmark itself, small and once: counts are right and the results have their shape. Times say nothing here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROW = {"name", "database", "workers", "messages", "per_second", "cpu_s_per_1000", "peak_mb"}


@pytest.mark.only_on("postgresql")
def test_a_small_run_counts_right_and_writes_its_results(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--mails", "200", "--into", str(tmp_path)]
    only = ["--only", "Almanac, PostgreSQL, 1 worker", "send_messages"]
    done = subprocess.run([*command, *only], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "benchmarks.json").read_text())
    rows = results["mail"]
    assert [(row["name"], row["database"], row["messages"]) for row in rows] == [
        ("Almanac", "PostgreSQL", 200),
        ("Django's send_messages", "none", 200),
    ]
    assert all(set(row) >= ROW for row in rows)
    assert all(row["per_second"] > 0 and row["peak_mb"] > 0 for row in rows)
    assert rows[1]["cpu_s_per_1000"] > 0
    assert {bar["verdict"] for bar in results["bars"]} == {"not measured"}
    assert (tmp_path / "benchmarks.md").read_text().startswith("# Benchmarks\n")
