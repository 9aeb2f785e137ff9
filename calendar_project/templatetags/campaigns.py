"""A campaign by its name, as a link where it can be opened."""

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from campaigns.models import Campaign

register = template.Library()


@register.simple_tag
def campaign_link(campaign: Campaign, anchor: str = "") -> SafeString:
    """In the colour of its team. A veil leads nowhere: its page is not there for whoever is shown it."""
    if campaign.is_veiled:
        return format_html('<span class="mark team-{}">{}</span>', str(campaign.team_id), campaign.name)
    address = reverse("calendar:campaign", args=[campaign.pk]) + anchor
    return format_html('<a class="mark team-{}" href="{}">{}</a>', str(campaign.team_id), address, campaign.name)
