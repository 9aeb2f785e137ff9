"""`manage.py import_customers FILE`: customers from CSV, again and again as often as wanted."""

from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from audiences.import_options import CUSTOMERS, ImportOptions
from audiences.management.import_command import ImportCommand


class Command(ImportCommand):
    help = (
        "Make or change customers from a CSV file. Fields: external_id, email, name, timezone, locale, created_at; "
        "every other column becomes an attribute, unless --attribute names some. Empty fields change nothing."
    )
    kind = CUSTOMERS
    properties_option = "--attribute"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--update-consent",
            action="store_true",
            help="let columns named consent:TOPIC:CHANNEL (yes, no, or empty) change subscriptions",
        )

    def options(self, given: dict[str, Any]) -> ImportOptions:
        return replace(super().options(given), update_consent=given["update_consent"])
