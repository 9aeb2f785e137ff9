"""`manage.py import_events FILE`: history from CSV, each event once however often the file is read."""

from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from audiences.import_options import EVENTS, ImportOptions
from audiences.management.import_command import ImportCommand


class Command(ImportCommand):
    help = (
        "Write events from a CSV file. Fields: external_id, event, occurred_at, value, idempotency_key. Without a key "
        "column identical rows standing together are separate events, and the same row in a later import is the same "
        "event. Imported history never fires a trigger."
    )
    kind = EVENTS
    properties_option = "--property"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--event", default="", metavar="NAME", help="the name of every event")
        parser.add_argument("--value", default="", metavar="COLUMN", help="the column of the money value")
        parser.add_argument("--create-customers", action="store_true", help="make customers who are not known yet")

    def options(self, given: dict[str, Any]) -> ImportOptions:
        options = super().options(given)
        columns = {**options.columns, **({"value": given["value"]} if given["value"] else {})}
        return replace(options, columns=columns, event=given["event"], create_customers=given["create_customers"])
