"""Versions: a campaign's rows are read into one immutable plan whenever they change."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import Campaign, CampaignVersion, Send
from campaigns.plan import Plan
from campaigns.queries.campaigns import read_plan
from campaigns.services import section_approvals
from campaigns.services.planning import plan_sends
from campaigns.services.states import move_sends_of, move_status, write_history


def record_version(campaign_id: int, by: User | None, now: datetime) -> CampaignVersion:
    """The current version of the campaign: the last one if nothing has changed since, otherwise a new one.

    A new version voids the approval of the sections that it changed (status back to draft), is written into the
    history, and moves the sends that have not started. Call it in the transaction that changed the rows.
    """
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        plan = read_plan(campaign)
        last = campaign.versions.order_by("-number").first()
        if last is not None and last.digest == plan.digest():
            return last
        version = CampaignVersion.objects.create(
            campaign=campaign,
            number=last.number + 1 if last else 1,
            plan=plan.as_json(),
            digest=plan.digest(),
            created_by=by,
            created_at=now,
        )
        Campaign.objects.filter(pk=campaign_id).update(updated_at=now)
        changed = _changed(last, plan)
        write_history(campaign_id, "created" if last is None else "edited", by, now, note=", ".join(changed))
        section_approvals.void(campaign_id, changed, now)
        if last is not None:
            _void_approval(campaign, by, now)
        plan_sends(campaign_id, now)
        return version


def lock_campaign(campaign_id: int) -> Campaign:
    """The row, held until the transaction ends. Always before any row of its sends, so that nobody waits in a ring.

    `no_key`: inserting sends and firings, which refer to it, goes on meanwhile.
    """
    return Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)


def _changed(last: CampaignVersion | None, plan: Plan) -> list[str]:
    """The sections of the plan that the edit changed, as an approver judges them."""
    if last is None:
        return []
    before, after = Plan.from_json(last.plan).section_digests(), plan.section_digests()
    return [section for section in after if after[section] != before[section]]


def _void_approval(campaign: Campaign, by: User | None, now: datetime) -> None:
    note = "The edit voided the approval." if campaign.is_approved else "The edit took it out of review."
    moved = move_status(campaign.pk, "edit", by, now, note=note, approved_version=None)
    if moved and campaign.status == Campaign.Status.PAUSED:
        # What was stopped must not go on because somebody edited: it was frozen with the plan that was stopped.
        move_sends_of(
            campaign.pk,
            (Send.State.ADMITTING, Send.State.SENDING, Send.State.PAUSED),
            Send.State.CANCELLED,
            now,
            reason="edited while it was paused",
            finished_at=now,
        )
