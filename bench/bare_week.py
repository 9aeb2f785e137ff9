"""A bare view of a week's sends, among the addresses of Almanac: what the week page is measured beside."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from calendar_project.urls import urlpatterns as ours
from campaigns.models import Send

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
TEMPLATE = engines["django"].from_string("""<!DOCTYPE html><html lang="en"><title>A week</title><ul>
{% for send in sends %}
  <li>
    <time>{{ send.due_at|date:"D H:i" }}</time>
    <a href="{% url 'calendar:campaign' send.campaign.pk %}">{{ send.campaign.name }}</a>
    {{ send.campaign.team.name }}
  </li>
{% endfor %}
</ul></html>""")


@login_required
def bare_week(request: HttpRequest) -> HttpResponse:
    sends = Send.objects.filter(due_at__gte=MONDAY, due_at__lt=MONDAY + timedelta(days=7))
    rows = sends.defer("audience").select_related("campaign__team").order_by("due_at", "id")
    return HttpResponse(TEMPLATE.render({"sends": rows}, request))


urlpatterns = [path("bare/", bare_week), *ours]
