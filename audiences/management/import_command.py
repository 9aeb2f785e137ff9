"""What `import_customers` and `import_events` share: their options, the progress bar, and how they end."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from audiences.clock import read_now
from audiences.csv_rows import FileProblem
from audiences.import_options import ImportOptions
from audiences.services import importing
from audiences.services.import_reading import Progress as Moved
from audiences.services.import_trials import try_import


class ImportCommand(BaseCommand):
    """`kind` is set by the two commands, which also add the options that one of them alone has."""

    kind = ""
    properties_option = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV, gzip or not, in UTF-8")
        parser.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="may be repeated")
        parser.add_argument(self.properties_option, action="append", default=[], metavar="NAME=COLUMN", dest="named")
        parser.add_argument("--text", action="append", default=[], metavar="COLUMN", help="never read as a number")
        parser.add_argument("--delimiter", default="", help="found out by itself; “whitespace” for any blanks")
        parser.add_argument("--no-header", action="store_true", help="the file has no header line; say --columns")
        parser.add_argument("--columns", default="", metavar="A,B,C", help="the names of the columns, in order")
        parser.add_argument("--date-format", default="", metavar="FORMAT", help="such as %%Y%%m%%d; else ISO 8601")
        parser.add_argument("--dry-run", action="store_true", help="read everything, write nothing")

    def handle(self, *args: Any, **given: Any) -> None:
        path: Path = given["file"]
        try:
            self.tell_ignored(path, self.options(given))
            if given["dry_run"]:
                self.dry_run(path, self.options(given))
            else:
                self.run_import(path, self.options(given))
        except (FileProblem, importing.TakenOver) as problem:
            raise CommandError(str(problem)) from problem
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error

    def options(self, given: dict[str, Any]) -> ImportOptions:
        if given["no_header"] != bool(given["columns"]):
            raise CommandError("--no-header and --columns belong together.")
        return ImportOptions(
            columns=_pairs(given["map"], "--map"),
            properties=_pairs(given["named"], self.properties_option),
            text=given["text"],
            date_format=given["date_format"],
            delimiter={"tab": "\t", "\\t": "\t"}.get(given["delimiter"], given["delimiter"]),
            header=[each.strip() for each in given["columns"].split(",")] if given["columns"] else [],
        )

    def tell_ignored(self, path: Path, options: ImportOptions) -> None:
        with path.open("rb") as file:
            ignored = importing.check_file(file, self.kind, options).ignored
        if ignored:
            self.stderr.write(f"Not read: {', '.join(ignored)}.")
        if any(each.startswith("consent:") for each in ignored):
            self.stderr.write("Consent stays as it is; --update-consent would change it.")

    def run_import(self, path: Path, options: ImportOptions) -> None:
        errors = path.with_name(path.name + ".errors.csv")
        run = importing.start_local_import(path, self.kind, options, read_now())
        if run.rows_read:
            self.stderr.write(f"Going on after row {run.rows_read}.")
        with progress_bar(self.kind) as moved:
            run = importing.continue_import(run.pk, read_now, path, errors, on_progress=moved)
        if run.state == run.State.FAILED:
            raise CommandError(run.message)
        self.stdout.write(
            f"{run.rows_read} rows read: {run.rows_written} written, {run.rows_unchanged} there already, "
            f"{run.rows_refused} refused."
        )
        if run.message:
            self.stdout.write(f"{run.message} See {errors}.")
        if run.rows_refused:
            self.stderr.write(f"What was refused, and why, is in {errors}.")
            sys.exit(1)

    def dry_run(self, path: Path, options: ImportOptions) -> None:
        with progress_bar(self.kind) as moved:
            told = try_import(path, self.kind, options, read_now, moved)
        self.stdout.write(
            f"{told.read} rows read, nothing written: {told.written} would be written, {told.unchanged} are there "
            f"already, {told.refused} would be refused."
        )
        for error in told.errors:
            self.stderr.write(f"line {error.line}: {error.column} {error.reason}")
        if told.refused:
            sys.exit(1)


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    pairs = {}
    for each in given:
        name, equals, column = each.partition("=")
        if not (name and equals and column):
            raise CommandError(f"{option} takes NAME=COLUMN, not “{each}”.")
        pairs[name] = column
    return pairs


@contextmanager
def progress_bar(what: str) -> Iterator[Moved]:
    """A bar on a terminal, and nothing anywhere else."""
    columns = [TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what)
        yield lambda done, total: bar.update(task, completed=done, total=max(done, total))
