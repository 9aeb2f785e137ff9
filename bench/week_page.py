"""The week with 600 sends beside a bare Django view of the same rows: server time, size and queries. First as planned,
then once all of it has gone out.

Both are asked through the same middleware, by the same person, on the same PostgreSQL, in turns. The bare view is what
one would write in five minutes: the sends of the week with campaign and team in one query, and a template with a loop
that says when, what, whose, with a link. It leaves the stored audiences out, as ours does.

`measure()` does it in a process of its own, because Django reads its settings once; `python -m bench.week_page` is that
process, and prints the same as JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, cast

from bench.processes import ROOT
from bench.servers import postgresql
from bench.staging import environment

if TYPE_CHECKING:
    from django.test import Client

SENDS = 600
ROUNDS = 30
GONE = 300_000  # messages
WARM_UP = 3
OURS, BARE = "/calendar/2026-W48/", "/bare/"


def measure(sends: int = SENDS, rounds: int = ROUNDS, gone: int = GONE) -> dict[str, Any]:
    """`sends`, `median_ms`, `p95_ms`, `bare_median_ms`, `ratio`, `bytes`, `queries`; and in `gone` the same, but for
    the sends, with that many `messages` of theirs in the ledger."""
    command = [sys.executable, "-m", "bench.week_page", str(sends), str(rounds), str(gone)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)  # noqa: S603 - our own
    return cast(dict[str, Any], json.loads(done.stdout))


def lay_out(sends: int) -> "Client":
    """A full week, and somebody who is signed in."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    from django.conf import settings
    from django.test import Client

    from audiences.models import Workspace
    from tests.builders import make_user
    from tests.calendar_project.full_week import plan_full_week

    settings.ROOT_URLCONF = "bench.bare_week"
    Workspace.current()
    plan_full_week(sends)
    client = Client(headers={"host": settings.ALLOWED_HOSTS[0]})
    client.force_login(make_user("ana"))
    return client


def seconds(client: "Client", address: str) -> float:
    began = time.perf_counter()
    response = client.get(address)
    taken = time.perf_counter() - began
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}")
    return taken


def counted(client: "Client", sends: int) -> dict[str, int]:
    """Size and queries of ours; both sides must have had every send to show."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        page = client.get(OURS).content
    asked = len(queries)
    shown = page.count(b' id="send-'), client.get(BARE).content.count(b"<li>")
    if shown != (sends, sends):
        raise RuntimeError(f"of {sends} sends the two pages show {shown}")
    return {"bytes": len(page), "queries": asked}


def main(sends: int, rounds: int, gone: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="almanac-week-") as name, postgresql(Path(name)) as server:
        url = server.fresh("week")
        os.environ.update(environment(url, Path(name)))
        client = lay_out(sends)
        server.come_to_rest(url)
        found = {**looked_at(client, sends, rounds), "sends": sends}
        from bench.gone_week import let_go

        messages = let_go(gone)
        server.come_to_rest(url)
        return {**found, "gone": {"messages": messages, **looked_at(client, sends, rounds)}}


def looked_at(client: "Client", sends: int, rounds: int) -> dict[str, Any]:
    taken = [(seconds(client, OURS), seconds(client, BARE)) for _ in range(WARM_UP + rounds)][WARM_UP:]
    return told(taken) | counted(client, sends)


def told(taken: list[tuple[float, float]]) -> dict[str, Any]:
    ours, bare = sorted(each for each, _ in taken), median(each for _, each in taken)
    return {
        "median_ms": round(1000 * median(ours), 1),
        "p95_ms": round(1000 * ours[int(0.95 * len(ours))], 1),
        "bare_median_ms": round(1000 * bare, 1),
        "ratio": round(median(ours) / bare, 2),
    }


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    json.dump(main(*(given + [SENDS, ROUNDS, GONE][len(given) :])), sys.stdout)
    sys.stdout.write("\n")
