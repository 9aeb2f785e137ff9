"""The bars: computed from one run, against the better row of post-office, and never invented."""

from bench.bars import bars
from tests.bench.results import make_results, make_row

POST_OFFICE = "django-post-office"


def verdicts(*rows: dict[str, object], **fields: object) -> list[str]:
    return [bar.verdict for bar in bars(make_results(*rows, **fields))]


def test_the_better_row_of_post_office_counts_for_speed_and_the_thriftier_for_cpu() -> None:
    rows = [
        make_row("Almanac", 15_000, 0.2),
        make_row("Almanac", 99_000, 0.01, workers=2),
        make_row("Almanac", 99_000, 0.01, database="SQLite"),
        make_row(POST_OFFICE, 800, 1.0),
        make_row(POST_OFFICE, 1_600, 1.2, workers=2),
        make_row(f"{POST_OFFICE}, rendered while queueing", 9_000, 0.1),
    ]
    faster, cpu, *_ = bars(make_results(*rows))
    assert (faster.measured, faster.verdict) == (15_000 / 1_600, "does not hold")
    assert (cpu.measured, cpu.verdict) == (0.2, "does not hold")


def test_a_bar_that_is_just_met_holds() -> None:
    rows = [make_row("Almanac", 10_000, 0.25), make_row(POST_OFFICE, 1_000, 1.5)]
    latency = {"idle": {"median_s": 2.0}, "during_bulk": {"median_s": 5.1}}
    week = {"ratio": 3.0, "median_ms": 150.1, "bytes": 400_000, "gone": {"ratio": 3.1, "median_ms": 150.0}}
    found = verdicts(*rows, admission={"ratio": 3.0}, latency=latency, week_page=week)
    assert found == [
        "holds",
        "holds",
        "holds",
        "holds",
        "does not hold",
        "holds",
        "does not hold",
        "holds",
        "does not hold",
        "holds",
    ]


def test_what_was_not_measured_is_said_to_be_so() -> None:
    assert verdicts() == ["not measured"] * 10
