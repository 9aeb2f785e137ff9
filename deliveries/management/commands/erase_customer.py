"""`manage.py erase_customer EXTERNAL_ID`: remove every personal datum of one customer, for good."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audiences.clock import read_now
from audiences.models import Customer
from deliveries.services.erasure import erase_customer


class Command(BaseCommand):
    help = "Erase a customer for good: personal data go, counts stay, the id is never used again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("external_id")

    def handle(self, *_: Any, **options: Any) -> None:
        customer_id = Customer.objects.filter(external_id=options["external_id"]).values_list("pk", flat=True).first()
        if customer_id is None:
            raise CommandError("There is no customer with this external id (or it was erased before).")
        erase_customer(customer_id, read_now())
        self.stdout.write(f"Customer {customer_id} is erased.")
