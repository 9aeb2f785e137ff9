"""The address of the stylesheet that carries the teams' colours."""

from django import template
from django.urls import reverse

from calendar_project.pages import styles_version
from campaigns.models import Team

register = template.Library()


@register.simple_tag
def team_styles_address() -> str:
    return reverse("calendar:team-styles", args=[styles_version(list(Team.objects.all()))])
