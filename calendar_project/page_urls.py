"""The pages that people use: the calendar, a campaign, a customer."""

from django.urls import path, re_path

from calendar_project.campaign_page.approving import approve_one, decline_one
from calendar_project.campaign_page.forecasts import forecast_page
from calendar_project.campaign_page.settle import settle_finding
from calendar_project.campaign_page.trials import test_to_me, tests_to_me
from calendar_project.campaign_page.views import campaign_page, move_campaign
from calendar_project.customer_page.views import customer_page, customers_page, unsubscribe_customer
from calendar_project.pages import team_styles
from calendar_project.week.views import week_page

app_name = "calendar"
urlpatterns = [
    path("", week_page, name="week"),
    re_path(r"^(?P<address>\d{4}-W\d{2})/$", week_page, name="week-of"),
    path("campaigns/<int:campaign_id>/", campaign_page, name="campaign"),
    path("campaigns/<int:campaign_id>/messages/test/", tests_to_me, name="tests-to-me"),
    path("campaigns/<int:campaign_id>/messages/<int:message_id>/test/", test_to_me, name="test-to-me"),
    path("campaigns/<int:campaign_id>/forecast/", forecast_page, name="forecast"),
    path("campaigns/<int:campaign_id>/sections/<slug:section>/approve/", approve_one, name="approve-section"),
    path("campaigns/<int:campaign_id>/sections/<slug:section>/decline/", decline_one, name="decline-section"),
    path("campaigns/<int:campaign_id>/findings/<int:finding_id>/<slug:name>/", settle_finding, name="settle-finding"),
    path("campaigns/<int:campaign_id>/<slug:name>/", move_campaign, name="move-campaign"),
    path("customers/", customers_page, name="customers"),
    path("customers/<int:customer_id>/", customer_page, name="customer"),
    path(
        "customers/<int:customer_id>/topics/<int:topic_id>/<str:channel>/unsubscribe/",
        unsubscribe_customer,
        name="unsubscribe-customer",
    ),
    path("teams-<slug:version>.css", team_styles, name="team-styles"),
]
