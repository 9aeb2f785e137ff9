"""Retiring: a campaign is stopped for good with a word of why, and with what was learnt from it."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import Retirement
from campaigns.services.lifecycle import cancel


def retire(campaign_id: int, why: str, learnt: str, by: User | None, now: datetime) -> Retirement:
    """Stop it as `cancel` does, which looks at rights and status, and write down what the next one should know."""
    with transaction.atomic():
        cancel(campaign_id, by, now, note=why)
        return Retirement.objects.create(
            campaign_id=campaign_id, why=why.strip()[:500], learnt=learnt.strip()[:1000], by=by, at=now
        )
