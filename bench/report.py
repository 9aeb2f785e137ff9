"""`docs/benchmarks.md`, written from the results of one run."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.report_words import BESIDE, FAIRNESS, HOW, INTRODUCTION, MEASURED, WEEK

Results = Mapping[str, Any]
BUSY = 0.25  # of the cores, before the run: from there on its figures are not to be trusted
COLUMNS = (
    "who",
    "database",
    "workers",
    "processes",
    "mails/s",
    "CPU s per 1,000: client",
    "database",
    "broker",
    "total",
    "peak MB",
    "queued in s",
)


def document(results: Results) -> str:
    """Markdown; ends with a line feed."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Results) -> Iterator[str]:
    yield from ("# Benchmarks", "", INTRODUCTION.strip(), "", "## The bars", "", *_bars(results["bars"]), "")
    yield from (
        "## Mail out",
        "",
        _what(results),
        *_caution(results["machine"]),
        "",
        *_table(results["mail"]),
        "",
        MEASURED.strip(),
        "",
    )
    yield from ("How each run's rate came out, in order:", "", *_runs(results["mail"]), "")
    if results["mail_beside"]:
        yield from ("### Beside", "", BESIDE.strip(), "", *_table(results["mail_beside"]), "")
    yield from ("## Admission", "", *_pairs(results["admission"]), "")
    yield from ("## From an event to its message", "", *_pairs(results["latency"]), "")
    yield from ("## The week page", "", WEEK.strip(), "", *_pairs(results["week_page"]), "")
    yield from (
        "## How it is measured",
        "",
        HOW.strip(),
        "",
        "## What was chosen for the others",
        "",
        FAIRNESS.strip(),
        "",
    )
    yield from ("## The machine", "", *_pairs({**results["machine"], **results["versions"]}))


def _what(results: Results) -> str:
    sink, rows = results["sink"], results["mail"]
    count = rows[0]["messages"] if rows else 0
    return (
        f"{count:,} letters, HTML and text, about {results['mail_bytes']:,} bytes each on the wire, to {sink['name']}\n"
        f"on {results['date']}. Rounds: {results['rounds']}; the figures are medians. A client that does nothing but\n"
        f"write ready-made letters gets {sink['raw_per_second']:,} a second into the same sink."
    )


def _caution(machine: Mapping[str, Any]) -> list[str]:
    load = machine["load_before"]
    if load < BUSY * machine["cores"]:
        return []
    return ["", f"**Other work kept {load} cores busy when the run began: these figures are not worth much.**"]


def _bars(bars: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = [[bar["words"], bar["bar"], _figure(bar["measured"]), bar["verdict"]] for bar in bars]
    return _markdown(["what", "bar", "measured", "verdict"], rows)


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return _markdown(COLUMNS, [_cells(row) for row in rows])


def _cells(row: Mapping[str, Any]) -> list[str]:
    cpu = [f"{row[f'cpu_{part}s_per_1000']:.2f}" for part in ("client_", "database_", "broker_", "")]
    rest = [f"{row['peak_mb']:.0f}", f"{row['queue_s']:.1f}"]
    whose = [row["name"], row["database"], str(row["workers"]), str(row["processes"])]
    return [*whose, f"{row['per_second']:,.0f}", *cpu, *rest]


def _runs(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"- {row['name']}, {row['database']}, {row['workers']} ({row['processes']}): "
        + ", ".join(f"{rate:,.0f}" for rate in row["runs_per_second"])
        for row in rows
    ]


def _pairs(values: Mapping[str, Any]) -> list[str]:
    return _markdown(["what", "figure"], [[name, _figure(value)] for name, value in _flat(values)])


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        words = f"{before}{name.replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{words}: ")
        else:
            yield words, value


def _figure(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else "" if value is None else str(value)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
