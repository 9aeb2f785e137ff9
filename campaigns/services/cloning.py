"""Cloning: a campaign like another one, a template from a campaign, a campaign from a template."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import Campaign, Message
from campaigns.queries.campaigns import MESSAGE_FIELDS
from campaigns.refusals import NotAllowed
from campaigns.rights import can_plan
from campaigns.services.versions import record_version

# What belongs to the one campaign and not to what it says.
OWN = {"id", "owner", "is_template", "status", "approved_version", "started_at", "created_at", "updated_at"}
LONGEST_NAME = 120


def clone(campaign_id: int, by: User | None, now: datetime, as_template: bool = False) -> Campaign:
    """A draft with the same plan, owned by `by`; of a template a campaign, unless `as_template`."""
    with transaction.atomic():
        original = Campaign.objects.select_related("team").get(pk=campaign_id)
        if not can_plan(by, original.team):
            raise NotAllowed(f"Only planners and approvers of {original.team} can write campaigns of that team.")
        copied = {
            field.attname: getattr(original, field.attname)
            for field in Campaign._meta.concrete_fields
            if field.name not in OWN
        }
        made = Campaign.objects.create(
            **{**copied, "name": _name(original, as_template)}, owner=by, is_template=as_template, created_at=now
        )
        _copy_parts(original, made)
        record_version(made.pk, by, now)
        return Campaign.objects.get(pk=made.pk)


def start_from_template(template_id: int, by: User | None, now: datetime) -> Campaign:
    """A draft from a template. Raises `NotAllowed` for a campaign that is none: `clone` that."""
    if not Campaign.objects.filter(pk=template_id, is_template=True).exists():
        raise NotAllowed("This is not a template.")
    return clone(template_id, by, now)


def _name(original: Campaign, as_template: bool) -> str:
    if original.is_template and not as_template:
        return original.name
    ending = " (template)" if as_template else " (copy)"
    return original.name[: LONGEST_NAME - len(ending)] + ending


def _copy_parts(original: Campaign, made: Campaign) -> None:
    made.include.set(original.include.all())
    made.exclude.set(original.exclude.all())
    Message.objects.bulk_create(
        Message(campaign=made, **values) for values in original.messages.values(*MESSAGE_FIELDS)
    )
