"""Writes what `make faults` measured between two marks of a page: `python -m tests.faults.table JSON PAGE`."""

import json
import sys
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
COLUMNS = ("kills", "lost", "duplicates", "uncertain", "unseen")
HEAD = "| scenario | size | kills | lost | duplicates | uncertain | of these never seen | seconds | bar |"


def rows(results: list[dict[str, Any]]) -> list[str]:
    lines = [HEAD, "|---" * HEAD.count(" | ") + "|---|"]
    for each in results:
        counts = ["–" if each[name] is None else f"{each[name]:,}" for name in COLUMNS]
        cells = [each["name"], each["size"], *counts, f"{each['seconds']:.0f}", verdict(each)]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, "", f"Seed {', '.join(sorted({str(each['seed']) for each in results}))}."]


def verdict(result: dict[str, Any]) -> str:
    if not result["bars"]:
        return "did not come to an end"
    failed = [words for words, holds in result["bars"].items() if not holds]
    return f"does not hold: {'; '.join(failed)}" if failed else "; ".join(result["bars"])


def written(document: str, results: list[dict[str, Any]]) -> str:
    head, rest = document.split(BEGIN)
    return "\n".join([f"{head}{BEGIN}", "", *rows(results), "", f"{END}{rest.split(END)[1]}"])


if __name__ == "__main__":
    found, page = (Path(name) for name in sys.argv[1:3])
    page.write_text(written(page.read_text(), json.loads(found.read_text())))
