"""`manage.py explain CUSTOMER SEND`: why somebody got a message, or why not."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from audiences.models import Customer
from campaigns.models import Send
from deliveries.channels.registry import label
from deliveries.queries.explanations import explain


class Command(BaseCommand):
    help = "Say why a customer got a send, or why not: one line for each channel."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("customer", help="The product's own id of the customer (external_id), or our number.")
        parser.add_argument("send", type=int, help="The number of the send, as the calendar shows it.")

    def handle(self, *_args: Any, **options: Any) -> None:
        customer, send = _customer(options["customer"]), _send(options["send"])
        self.stdout.write(f"{send.campaign.name}, {send.slot}, for {customer.external_id}:")
        for answer in explain(customer.pk, send.pk):
            self.stdout.write(f"  {label(answer.channel) + ': ' if answer.channel else ''}{answer.sentence}")


def _customer(key: str) -> Customer:
    """By the product's id first: it may look like one of our numbers."""
    number = int(key) if key.isdecimal() and len(key) < 19 else None
    found = Customer.objects.filter(Q(external_id=key) | Q(pk=number)).order_by("pk")
    customer = found.filter(external_id=key).first() or found.first()
    if customer is None:
        raise CommandError(f"There is no customer “{key}”.")
    return customer


def _send(number: int) -> Send:
    send = Send.objects.select_related("campaign").filter(pk=number).first()
    if send is None:
        raise CommandError(f"There is no send {number}.")
    return send
