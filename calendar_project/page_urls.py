"""The pages that people use: the calendar, a campaign, a customer."""

from django.urls import path, re_path

from django.http import HttpRequest, HttpResponse

from calendar_project.pages import team_styles
from calendar_project.week.views import week_page


def stub(request: HttpRequest, **kw: int) -> HttpResponse:
    return HttpResponse("stub")


app_name = "calendar"
urlpatterns = [
    path("", week_page, name="week"),
    re_path(r"^(?P<address>\d{4}-W\d{2})/$", week_page, name="week-of"),
    path("campaigns/<int:campaign_id>/", stub, name="campaign"),
    path("customers/", stub, name="customers"),
    path("customers/<int:customer_id>/", stub, name="customer"),
    path("teams-<slug:version>.css", team_styles, name="team-styles"),
]
