"""Results as a run makes them, small."""

from typing import Any


def make_row(name: str, per_second: float, cpu: float, **fields: Any) -> dict[str, Any]:
    defaults = {
        "database": "PostgreSQL",
        "workers": 1,
        "processes": 1,
        "messages": 20_000,
        "cpu_client_s_per_1000": cpu,
        "cpu_database_s_per_1000": 0.0,
        "cpu_broker_s_per_1000": 0.0,
        "peak_mb": 80.0,
        "queue_s": 1.5,
        "runs_per_second": [per_second],
    }
    return {"name": name, "per_second": per_second, "cpu_s_per_1000": cpu, **defaults, **fields}


def make_results(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "date": "2026-11-23",
        "rounds": 3,
        "machine": {"cores": 2, "load_before": 0.1},
        "versions": {"PostgreSQL": "18.0"},
        "sink": {"name": "postfix's smtp-sink", "raw_per_second": 30_000},
        "mail_bytes": 8_000,
        "mail_beside": [],
        "admission": {"not_measured": "a look at mail alone"},
        "latency": {"not_measured": "a look at mail alone"},
        "week_page": {"not_measured": "a look at mail alone"},
        "bars": [],
    }
    return {"mail": list(rows), **defaults, **fields}
