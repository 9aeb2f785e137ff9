"""The pages that people use: the calendar, a campaign, a customer."""

from django.urls import path, re_path

from calendar_project.campaign_page.approving import approve_one, decline_one
from calendar_project.campaign_page.forecasts import forecast_page
from calendar_project.campaign_page.handing_over import hand_over_page
from calendar_project.campaign_page.settle import settle_finding
from calendar_project.campaign_page.trials import test_to_me, tests_to_me
from calendar_project.campaign_page.views import campaign_page, move_campaign
from calendar_project.customer_page.views import (
    change_hold,
    customer_page,
    customers_page,
    hold_customer,
    unsubscribe_customer,
)
from calendar_project.live.views import campaign_changes, days_changes
from calendar_project.moving.views import move_send
from calendar_project.pages import team_styles
from calendar_project.week.saved_views import change_view_page, delete_view_page, save_view_page
from calendar_project.week.views import day_page, list_page, month_page, week_page

app_name = "calendar"
urlpatterns = [
    path("", week_page, name="week"),
    re_path(r"^(?P<address>\d{4}-W\d{2})/$", week_page, name="week-of"),
    re_path(r"^(?P<address>\d{4}-W\d{2})/list/$", list_page, name="list"),
    re_path(r"^(?P<address>\d{4}-\d{2})/$", month_page, name="month"),
    re_path(r"^(?P<address>\d{4}-\d{2}-\d{2})/$", day_page, name="day"),
    path("changes/<str:first>/<int:days>/", days_changes, name="changes"),
    path("views/", save_view_page, name="save-view"),
    path("views/<int:view_id>/", change_view_page, name="change-view"),
    path("views/<int:view_id>/delete/", delete_view_page, name="delete-view"),
    path("campaigns/<int:campaign_id>/", campaign_page, name="campaign"),
    path("campaigns/<int:campaign_id>/changes/", campaign_changes, name="campaign-changes"),
    path("campaigns/<int:campaign_id>/handoff/<slug:step>/", hand_over_page, name="handoff"),
    path("campaigns/<int:campaign_id>/messages/test/", tests_to_me, name="tests-to-me"),
    path("campaigns/<int:campaign_id>/messages/<int:message_id>/test/", test_to_me, name="test-to-me"),
    path("campaigns/<int:campaign_id>/forecast/", forecast_page, name="forecast"),
    path("campaigns/<int:campaign_id>/sections/<slug:section>/approve/", approve_one, name="approve-section"),
    path("campaigns/<int:campaign_id>/sections/<slug:section>/decline/", decline_one, name="decline-section"),
    path("campaigns/<int:campaign_id>/findings/<int:finding_id>/<slug:name>/", settle_finding, name="settle-finding"),
    path("campaigns/<int:campaign_id>/<slug:name>/", move_campaign, name="move-campaign"),
    path("sends/<int:send_id>/move/", move_send, name="move-send"),
    path("customers/", customers_page, name="customers"),
    path("customers/<int:customer_id>/", customer_page, name="customer"),
    path("customers/<int:customer_id>/holds/", hold_customer, name="hold-customer"),
    path("customers/<int:customer_id>/holds/<int:hold_id>/", change_hold, name="change-hold"),
    path(
        "customers/<int:customer_id>/topics/<int:topic_id>/<str:channel>/unsubscribe/",
        unsubscribe_customer,
        name="unsubscribe-customer",
    ),
    path("teams-<slug:version>.css", team_styles, name="team-styles"),
]
