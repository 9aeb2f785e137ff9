"""The table of measured figures in docs/reliability.md."""

from dataclasses import asdict

from tests.faults.report import Result
from tests.faults.table import BEGIN, END, written

HELD = Result("workers killed", "postgresql", 7, 81.2, "20,000", 50, 0, 0, 12, 3, bars={"lost 0": True, "caps": True})
FAILED = Result("a race", "postgresql", 7, 9.6, "500 × 20", bars={"exact": False, "no deadlock": True})
BROKEN = Result("another", "sqlite", 7, 0)


def test_the_figures_stand_between_the_marks_and_say_what_does_not_hold() -> None:
    page = f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n"
    results = [asdict(each) for each in (HELD, FAILED, BROKEN)]
    once = written(page, results)
    assert once == written(once, results)
    assert once.splitlines() == [
        "Before.",
        BEGIN,
        "",
        "| scenario | size | kills | lost | duplicates | uncertain | of these never seen | seconds | bar |",
        "|---|---|---|---|---|---|---|---|---|",
        "| workers killed | 20,000 | 50 | 0 | 0 | 12 | 3 | 81 | lost 0; caps |",
        "| a race | 500 × 20 | – | – | – | – | – | 10 | does not hold: exact |",
        "| another |  | – | – | – | – | – | 0 | did not come to an end |",
        "",
        "Seed 7.",
        "",
        END,
        "After.",
    ]
