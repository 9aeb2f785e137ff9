"""`make bench`: measures everything in one run and writes the document and the JSON. See `docs/benchmarks.md`."""

import argparse
import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.bars import bars
from bench.letter import SEED
from bench.machine import machine
from bench.measures import Size, measure_all
from bench.processes import ROOT, ends_on_signals
from bench.report import document

# All that processes of a run need to know of this shell; settings of somebody's Almanac are none of it.
KEPT = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR")
LAST_WORDS = 3000  # characters


def main() -> None:
    options = _options()
    is_whole = not (options.quick or options.only)
    size = Size(
        options.mails or (2_000 if options.quick else 20_000),
        1 if options.quick else 3,
        only=tuple(options.only),
        whole=is_whole,
    )
    into: Path = options.into or (ROOT / "docs" if is_whole else ROOT / "var" / "bench")
    for name in set(os.environ) - set(KEPT):
        del os.environ[name]
    ends_on_signals()
    results = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "seed": SEED, "rounds": size.rounds, "machine": machine()}
    results |= _run(size)
    results["bars"] = [{**vars(bar), "verdict": bar.verdict} for bar in bars(results)]
    into.mkdir(parents=True, exist_ok=True)
    (into / "benchmarks.json").write_text(json.dumps(results, indent=2) + "\n")
    (into / "benchmarks.md").write_text(document(results))
    for bar in bars(results):
        measured = "" if bar.measured is None else f"{bar.measured:.3g}, "
        _tell(f"{bar.verdict}: {bar.words}: {measured}{bar.bar}")
    _tell(f"written: {into / 'benchmarks.md'}, {into / 'benchmarks.json'}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures Almanac beside its peers.")
    parser.add_argument("--quick", action="store_true", help="a look at mail: 2,000 of them, once, into var/bench")
    words = "contenders with this in their words, such as 'SQLite, 1 worker'; the rest is left out"
    parser.add_argument("--only", nargs="+", default=(), help=words)
    parser.add_argument("--mails", type=int, help="so many mails")
    parser.add_argument("--into", type=Path, help="the folder for benchmarks.md and benchmarks.json")
    return parser.parse_args()


def _run(size: Size) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="almanac-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # PostgreSQL may run as another user and must be able to reach its own.
        folder.chmod(0o755)
        try:
            return measure_all(size, folder, _tell)
        except KeyboardInterrupt:
            sys.exit("Stopped; nothing is written.")
        except Exception:
            for log in folder.glob("*/*.log"):
                _tell(f"== the end of {log.name}\n{log.read_text()[-LAST_WORDS:]}")
            raise


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
