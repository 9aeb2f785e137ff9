"""The document: every figure of the run, and none of another."""

from bench.report import document
from tests.bench.results import make_results, make_row


def test_the_document_has_a_row_for_each_contender_and_each_bar() -> None:
    row = make_row("Almanac", 12_345.6, 0.123, processes=2, runs_per_second=[12_000.1, 12_345.6, 13_000.0])
    bar = {"words": "mails a second", "bar": "at least 10", "measured": 11.26, "verdict": "holds"}
    text = document(make_results(row, bars=[bar]))
    assert "| Almanac | PostgreSQL | 1 | 2 | 12,346 | 0.12 | 0.00 | 0.00 | 0.12 | 80 | 1.5 |" in text
    assert "- Almanac, PostgreSQL, 1 (2): 12,000, 12,346, 13,000" in text
    assert "| mails a second | at least 10 | 11.3 | holds |" in text
    assert "30,000 a second into the same sink" in text
    assert "### Beside" not in text


def test_a_busy_machine_is_told_of() -> None:
    assert "other work" not in document(make_results())
    assert "kept 1.9 cores busy" in document(make_results(machine={"cores": 2, "load_before": 1.9}))


def test_nested_figures_are_told_with_their_path() -> None:
    text = document(make_results(latency={"idle": {"median_s": 0.514, "n": 30}, "longest_lock_s": 1234.5}))
    assert "| idle: median s | 0.514 |" in text
    assert "| idle: n | 30 |" in text
    assert "| longest lock s | 1,234 |" in text
