"""What `make screenshots` takes pictures of: four workspaces, from an empty one to a full one, and pages of each."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse

from audiences.clock import read_now
from audiences.models import Hold, Topic, Workspace
from calendar_project.sample import load_sample
from calendar_project.week.weeks import Week
from campaigns.models import CalendarEntry, Campaign, ImportedCalendar, Review, Send
from campaigns.queries.campaigns import workspace_zone
from campaigns.services.saved_views import save_view
from campaigns.services.versions import record_version
from deliveries.tokens import preferences_token, unsubscribe_token
from tests.builders import make_campaign, make_customers, make_segment, make_user
from tests.calendar_project.full_week import plan_full_week

PASSWORD = "a long password"
#: Name of the picture → path, in a workspace that was emptied before. Ana looks at it.
Pictured = dict[str, str]
SENDS = 600


def sample() -> Pictured:
    """Ana approves for Lifecycle: of Product's private campaign she sees a busy block."""
    load_sample(read_now(), PASSWORD)
    ana = User.objects.get(username="ana")
    week = _this_week()
    save_view(ana, "Not approved", "only=unapproved", is_shared=True)
    save_view(ana, "Offers by owner", f"rows=owners&topic={Topic.objects.get(slug='offers').pk}", is_shared=False)
    _import_calendar(week.next)
    return {
        **_week_pages(week),
        **_campaign_pages(),
        **_review_pages(),
        **_customer_pages(),
        "not-found": "/calendar/x/",
    }


def empty() -> Pictured:
    """Nobody has planned anything."""
    Workspace.current()
    _ana()
    week = _this_week()
    return {
        "empty-week": f"/calendar/{week.address}/",
        "empty-list": f"/calendar/{week.address}/list/",
        "empty-month": f"/calendar/{week.anchor:%Y-%m}/",
        "empty-review": f"/review/{week.address}/",
        "empty-reviews": "/review/",
        "empty-stopped": "/review/stopped/",
        "empty-customers": "/calendar/customers/",
    }


def one_send() -> Pictured:
    Workspace.current()
    ana, day = _ana(), _this_week().next.anchor
    readers = make_segment(make_customers(12), "readers")
    campaign = make_campaign([readers], owner=ana, name="Welcome", start_date=day)
    record_version(campaign.pk, ana, read_now())
    return {
        "one-week": f"/calendar/{Week.of(day).address}/",
        "one-list": f"/calendar/{Week.of(day).address}/list/",
        "one-month": f"/calendar/{day:%Y-%m}/",
        "one-campaign": reverse("calendar:campaign", args=[campaign.pk]),
    }


def full() -> Pictured:
    Workspace.current()
    _ana()
    week = _this_week()
    plan_full_week(SENDS, week.bounds(workspace_zone())[0] + timedelta(hours=8))
    return {
        "full-week": f"/calendar/{week.address}/",
        "full-list": f"/calendar/{week.address}/list/",
        "full-month": f"/calendar/{week.anchor:%Y-%m}/",
        "full-day": f"/calendar/{week.days[1]}/?rows=owners",
    }


WORKSPACES: tuple[Callable[[], Pictured], ...] = (sample, empty, one_send, full)


def start_over() -> None:
    call_command("migrate", verbosity=0)
    call_command("flush", verbosity=0, interactive=False)


def _this_week() -> Week:
    return Week.of(read_now().date())


def _ana() -> User:
    return make_user("ana", first_name="Ana", is_superuser=True, is_staff=True)


def _import_calendar(week: Week) -> None:
    fairs = ImportedCalendar.objects.create(name="Trade fairs")
    days = {"first_day": week.days[2], "last_day": week.days[4]}
    CalendarEntry.objects.create(calendar=fairs, uid="1", name="Record fair, Utrecht", **days)


def _week_pages(week: Week) -> Pictured:
    ahead = f"/calendar/{week.next.address}/"
    rows = {f"week-{rows}": f"{ahead}?rows={rows}" for rows in ("channels", "audiences", "owners", "milestones")}
    send = Send.objects.filter(campaign__name="Come back: postage is on us").earliest("due_at")
    day = send.due_at.astimezone(workspace_zone()).date()
    move = reverse("calendar:move-send", args=[send.pk])
    return {
        "week": f"/calendar/{week.address}/",
        "week-next": ahead,
        **rows,
        "week-filtered": f"{ahead}?only=unapproved&team={send.campaign.team_id}",
        "week-nothing": f"{ahead}?text=no+such+thing",
        "list": f"{ahead}list/",
        "list-past": f"/calendar/{week.address}/list/",
        "month": f"/calendar/{week.anchor:%Y-%m}/",
        "day": f"/calendar/{day}/",
        "day-past": f"/calendar/{week.days[1]}/",
        "move": f"{move}?date={day + timedelta(days=2)}&time=10:00",
    }


def _campaign_pages() -> Pictured:
    named = {
        "draft": "Club night: double stamps",
        "in-review": "Come back: postage is on us",
        "running": "Tuesday second-hand finds",
        "always-on": "After an order: what goes well with it",
        "paused": "Is this still your address?",
        "done": "How did your order go?",
        "stopped": "Vinyl fair: meet us in Berlin",
    }
    made = {name: Campaign.objects.get(name=its) for name, its in named.items()}
    pages = {f"campaign-{name}": reverse("calendar:campaign", args=[each.pk]) for name, each in made.items()}
    who = reverse("calendar:forecast", args=[made["in-review"].pk])
    return {**pages, "funnel-people": f"{who}?channel=email", "funnel-capped": f"{who}?channel=email&reason=capped"}


def _review_pages() -> Pictured:
    review, held = Review.objects.get(state="open"), Review.objects.get(state="closed")
    finding = review.items.exclude(finding=None).earliest("place")
    return {
        "review-open": f"/review/{review.week}/",
        "review-form": f"/review/{review.week}/?item={finding.pk}&decision=move",
        "review-closed": f"/review/{held.week}/",
        "review-minutes": reverse("review:minutes", args=[held.week]),
        "review-index": "/review/",
        "review-stopped": "/review/stopped/",
        "review-none": "/review/2001-W20/",
    }


def _customer_pages() -> Pictured:
    held = Hold.objects.get().customer
    topic = Campaign.objects.get(name="Friday listening tips").topic_id
    return {
        "customers": "/calendar/customers/",
        "customers-found": "/calendar/customers/?q=jo",
        "customer-on-hold": reverse("calendar:customer", args=[held.pk]),
        "preferences": reverse("preferences", args=[preferences_token(held.pk)]),
        "unsubscribe": reverse("unsubscribe", args=[unsubscribe_token(held.pk, topic, "email")]),
    }
