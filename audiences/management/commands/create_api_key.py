"""`manage.py create_api_key NAME`: a key for a product, printed once."""

import re
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audiences.services.api_keys import KeyNameTaken, create_api_key


class Command(BaseCommand):
    help = "Make a key with which a product may send customers and events. It is printed once and stored as a hash."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what the key is for, such as “shop”")

    def handle(self, *args: Any, **given: Any) -> None:
        name = given["name"]
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", name):
            raise CommandError("The name of a key has letters, digits, dots, dashes and underscores, at most 100.")
        try:
            token = create_api_key(name)
        except KeyNameTaken as error:
            raise CommandError(str(error)) from error
        self.stderr.write("Keep this key: it is not shown again. Send it as “Authorization: Token …”.")
        self.stdout.write(token)
