"""Load the sample workspace: `manage.py load_sample`."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audiences.clock import read_now
from calendar_project.sample import WorkspaceInUse, load_sample


class Command(BaseCommand):
    help = "Load the sample workspace into an empty database. Again: nothing happens."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--password", default="", help="Let the people of the sample (ana, eli, ben, ...) sign in with this."
        )

    def handle(self, *args: Any, password: str, **options: Any) -> None:
        try:
            loaded = load_sample(read_now(), password)
        except WorkspaceInUse as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write("Loaded the sample workspace:" if loaded.is_new else "The sample workspace is there already:")
        for name in ("customers", "events", "segments", "teams", "campaigns", "sends", "deliveries"):
            self.stdout.write(f"  {name:<11}{getattr(loaded, name):>8,}")
