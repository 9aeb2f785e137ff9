"""Which campaign a page of it is about: the one of the address, or none."""

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from campaigns.models import Campaign
from campaigns.rights import seen_by

RELATED = ("team", "owner", "topic", "milestone", "trigger_segment", "approved_version")


def campaign_or_404(request: HttpRequest, campaign_id: int) -> Campaign:
    """A private one of another team is as little there as one that never was."""
    seen = Campaign.objects.filter(seen_by(request.user))
    return get_object_or_404(seen.select_related(*RELATED), pk=campaign_id)


def person(request: HttpRequest) -> User:
    """Whoever is signed in, where `login_required` has seen to it that somebody is."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user
