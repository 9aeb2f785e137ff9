"""The sidebar of the admin: what is where, and who sees it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from audiences.admin.pages import page_url

Group = dict[str, Any]

# Group → (title, icon, model as the admin's URLs name it).
GROUPS: dict[str, list[tuple[str, str, str]]] = {
    "Plan": [
        ("Campaigns", "campaign", "campaigns_campaign"),
        ("Findings", "join_inner", "campaigns_finding"),
        ("Sends", "send", "campaigns_send"),
        ("Imported calendars", "event", "campaigns_importedcalendar"),
        ("Feeds", "rss_feed", "campaigns_feed"),
        ("Reviews", "checklist", "campaigns_review"),
    ],
    "People": [
        ("Customers", "person", "audiences_customer"),
        ("Segments", "groups", "audiences_segment"),
        ("Topics", "topic", "audiences_topic"),
        ("Imports", "upload_file", "audiences_importrun"),
        ("Suppressions", "block", "audiences_suppression"),
        ("Holds", "pause_circle", "audiences_hold"),
        ("Subscriptions", "how_to_reg", "audiences_subscription"),
        ("Events", "bolt", "audiences_event"),
    ],
    "Rules": [
        ("Caps", "speed", "deliveries_cap"),
        ("Quiet hours", "bedtime", "deliveries_quiethours"),
        ("Workspace", "domain", "audiences_workspace"),
    ],
    "Ledger": [
        ("Deliveries", "outbox", "deliveries_delivery"),
        ("Withheld", "do_not_disturb_on", "deliveries_withheld"),
        ("Inbox", "inbox", "deliveries_inboxitem"),
    ],
    "Engine": [
        ("Breakers", "electrical_services", "deliveries_breaker"),
        ("Heartbeats", "monitor_heart", "deliveries_heartbeat"),
    ],
    "Settings": [
        ("Teams", "diversity_3", "campaigns_team"),
        ("Milestones", "flag", "campaigns_milestone"),
        ("Users", "badge", "auth_user"),
        ("API keys", "key", "knox_authtoken"),
    ],
}


def sidebar(request: HttpRequest) -> list[Group]:
    """unfold's navigation: the calendar first, then the lists that this user may see."""
    groups = [_group(title, [_item(*each) for each in items]) for title, items in GROUPS.items()]
    calendar = {"title": "Calendar", "icon": "calendar_month", "link": page_url("calendar:week"), "active": False}
    review = {"title": "Weekly review", "icon": "checklist", "link": page_url("review:index"), "active": False}
    return [_group("", [calendar, review]), *groups]


def _group(title: str, items: list[Group]) -> Group:
    return {"title": title, "separator": bool(title), "collapsible": False, "items": items}


def _item(title: str, icon: str, model: str) -> Group:
    address = page_url(f"admin:{model}_changelist")
    return {
        "title": title,
        "icon": icon,
        "link": address,
        "active": _is_active(address),
        "permission": _may_view(model),
    }


def _is_active(address: str) -> Callable[[HttpRequest], bool]:
    return lambda request: bool(address) and request.path.startswith(address)


def _may_view(model: str) -> Callable[[HttpRequest], bool]:
    app, name = model.split("_")
    return lambda request: bool(request.user.has_perm(f"{app}.view_{name}"))
