"""Every address that Almanac answers, and who may: the table that `test_routes.py` holds the resolver to."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

# Who stands before a door, from nobody to everybody. Staff without a team and viewers may do the same.
LEVELS = ("anonymous", "signed_in", "staff", "planner", "superuser")
NOBODY = "nobody"
# Everybody there is, with their level: of the team whose things they look at, and of another one. All sign in to the
# admin.
PEOPLE = {
    "anonymous": "anonymous",
    "viewer of the team": "staff",
    "planner of the team": "planner",
    "approver of the team": "planner",
    "viewer elsewhere": "staff",
    "planner elsewhere": "planner",
    "approver elsewhere": "planner",
    "workspace admin": "superuser",
}
NO_ONE: frozenset[str] = frozenset()
SIGNED_IN = frozenset(PEOPLE) - {"anonymous"}
ADMINS = frozenset({"workspace admin"})
OF_THE_TEAM = frozenset({"planner of the team", "approver of the team"}) | ADMINS
OF_A_TEAM = OF_THE_TEAM | {"planner elsewhere", "approver elsewhere"}
APPROVERS = frozenset({"approver of the team", "approver elsewhere"}) | ADMINS


@dataclass(frozen=True)
class Route:
    """`door`: what lets one in; `methods`: what it answers; `status`: of a GET that is let in."""

    door: str
    methods: str = "GET"
    status: int = 200


PUBLIC, PAGE, TOKEN, KEY, INBOX = "public", "page", "signed token", "api key", "inbox token"
# Done by POST; a GET is sent to the page that the button stands on.
BUTTON = Route(PAGE, "GET POST", 302)
ROUTES = {
    "home": Route(PUBLIC, "GET POST PUT", 302),
    "favicon": Route(PUBLIC, "GET", 302),
    "sign-in": Route(PUBLIC, "GET POST PUT"),
    "sign-out": Route(PUBLIC, "POST", 302),
    "healthz": Route(PUBLIC),
    "readyz": Route(PUBLIC),
    # By bearer token; where none is set there is none in a deployment, and no need of one on a machine of one's own.
    "metrics": Route(PUBLIC, "GET", 200 if settings.EMBEDDED else 404),
    "api-schema": Route(PUBLIC),
    "api-docs": Route(PUBLIC),
    "calendar:week": Route(PAGE),
    "calendar:week-of": Route(PAGE),
    "calendar:list": Route(PAGE),
    "calendar:month": Route(PAGE),
    "calendar:day": Route(PAGE),
    "calendar:changes": Route(PAGE),
    "calendar:save-view": BUTTON,
    "calendar:change-view": BUTTON,
    "calendar:delete-view": BUTTON,
    "calendar:campaign": Route(PAGE),
    "calendar:campaign-changes": Route(PAGE),
    "calendar:move-campaign": BUTTON,
    "calendar:approve-section": BUTTON,
    "calendar:decline-section": BUTTON,
    "calendar:forecast": Route(PAGE),
    "calendar:settle-finding": BUTTON,
    "calendar:test-to-me": BUTTON,
    # For planners of the team alone.
    "calendar:move-send": Route(PAGE, "GET POST", 403),
    "calendar:tests-to-me": BUTTON,
    "calendar:customers": Route(PAGE),
    "calendar:customer": Route(PAGE),
    "calendar:unsubscribe-customer": BUTTON,
    "calendar:hold-customer": BUTTON,
    "calendar:change-hold": BUTTON,
    "calendar:team-styles": Route(PAGE),
    "calendar:handoff": BUTTON,
    "review:index": Route(PAGE),
    "review:stopped": Route(PAGE),
    "review:week": Route(PAGE),
    "review:minutes": Route(PAGE),
    "review:open": BUTTON,
    "review:decide": BUTTON,
    "review:take-back": BUTTON,
    "review:keep-low": BUTTON,
    "review:take-back-low": BUTTON,
    "review:close": BUTTON,
    "api-customers": Route(KEY, "POST"),
    "api-events": Route(KEY, "POST"),
    "holds": Route(KEY, "POST"),
    "holds-lift": Route(KEY, "POST"),
    "inbox-tokens": Route(KEY, "POST"),
    "inbox": Route(INBOX),
    "inbox-unread": Route(INBOX),
    "inbox-seen": Route(INBOX, "POST"),
    "inbox-read": Route(INBOX, "POST"),
    "inbox-dismiss": Route(INBOX, "POST"),
    "unsubscribe": Route(TOKEN, "GET POST"),
    "preferences": Route(TOKEN, "GET POST"),
    "view_message": Route(TOKEN),
    "view_content": Route(TOKEN),
    "feed": Route(TOKEN),
}
if settings.EMBEDDED:
    # A 404 for all but workspace admins.
    ROUTES |= {"outbox": Route(PAGE), "outbox-mail": Route(PAGE, "GET", 404)}

# Admin, by model: from which level on one may see it, add one, delete one. Whoever may not change one sees it.
ADMIN = {
    "audiences_customer": ("staff", NOBODY, NOBODY),
    "audiences_event": ("staff", NOBODY, NOBODY),
    "audiences_hold": ("staff", NOBODY, NOBODY),
    "audiences_importrun": ("staff", "planner", NOBODY),
    "audiences_segment": ("staff", "planner", "planner"),
    "audiences_subscription": ("staff", NOBODY, NOBODY),
    "audiences_suppression": ("staff", "planner", "planner"),
    "audiences_topic": ("staff", "planner", "superuser"),
    "audiences_workspace": ("staff", NOBODY, NOBODY),
    "auth_user": ("superuser", "superuser", "superuser"),
    "campaigns_calendarentry": ("staff", NOBODY, NOBODY),
    "campaigns_campaign": ("staff", "planner", NOBODY),
    "campaigns_feed": ("staff", "staff", NOBODY),
    "campaigns_finding": ("staff", NOBODY, NOBODY),
    "campaigns_importedcalendar": ("staff", "planner", "planner"),
    "campaigns_milestone": ("staff", "superuser", "superuser"),
    "campaigns_review": ("staff", NOBODY, NOBODY),
    "campaigns_send": ("staff", NOBODY, NOBODY),
    "campaigns_team": ("staff", "superuser", "superuser"),
    "deliveries_breaker": ("staff", NOBODY, NOBODY),
    "deliveries_cap": ("staff", "superuser", "superuser"),
    "deliveries_delivery": ("staff", NOBODY, NOBODY),
    "deliveries_heartbeat": ("staff", NOBODY, NOBODY),
    "deliveries_inboxitem": ("staff", NOBODY, NOBODY),
    "deliveries_quiethours": ("staff", "superuser", "superuser"),
    "deliveries_withheld": ("staff", NOBODY, NOBODY),
    "knox_authtoken": ("superuser", NOBODY, "superuser"),
}
ADMIN_PAGES = ("changelist", "add", "change", "history", "delete")
# Whose row somebody else's is not: those but its owner and superusers are led away from it.
ADMIN_OWN = "campaigns_feed"
# Beyond what every model has: the status of a GET for staff, a planner of another team, and a superuser. 405 where
# only POST is. Everybody else is sent to sign in.
ADMIN_EXTRAS = {
    "admin:index": (200, 200, 200),
    "admin:app_list": (200, 200, 200),
    "admin:search": (200, 200, 200),
    "admin:jsi18n": (200, 200, 200),
    "admin:password_change": (200, 200, 200),
    "admin:password_change_done": (200, 200, 200),
    "admin:autocomplete": (403, 403, 403),  # of no field
    "admin:view_on_site": (404, 404, 404),  # nothing has a page of its own there
    "admin:login": (302, 302, 302),
    "admin:logout": (405, 405, 405),
    "admin:auth_user_password_change": (403, 403, 200),
    "admin:audiences_importrun_go_on": (405, 405, 405),
    "admin:audiences_importrun_cancel": (405, 405, 405),
    "admin:audiences_importrun_errors": (302, 302, 302),  # there are none: back to the import
    "admin:audiences_segment_refresh": (405, 405, 405),
    "admin:campaigns_campaign_move": (302, 302, 200),  # back to the campaign, with a sentence
    "admin:campaigns_feed_revoke": (405, 405, 405),
    "admin:campaigns_finding_acknowledge": (200, 200, 200),
    "admin:deliveries_breaker_try_now": (405, 405, 405),
    # Without a name: the old address of a row, which leads to its page, and whatever is nothing else.
    **{f"admin/{model.replace('_', '/', 1)}/<path:object_id>/": (302, 302, 302) for model in ADMIN},
    "admin/(?P<url>.*)$": (404, 404, 404),
}


# What is done by POST on the address of each route, where that is all there is to it: what is sent, and for whom it has
# an effect (something is written, sent or asked for). What needs a scene of its own is in `deeds.py`. A route that
# answers POST and is in neither fails the walk.
POSTS: dict[str, tuple[dict[str, str], frozenset[str]]] = {
    "calendar:test-to-me": ({}, OF_THE_TEAM),
    "calendar:tests-to-me": ({}, OF_THE_TEAM),
    "calendar:save-view": ({"name": "Mine", "query": "status=draft"}, SIGNED_IN),
    "calendar:change-view": ({"name": "Theirs"}, NO_ONE),  # but whose it is
    "calendar:delete-view": ({}, NO_ONE),
    "review:close": ({}, APPROVERS),
    "calendar:unsubscribe-customer": ({}, OF_A_TEAM),
    "calendar:hold-customer": ({"reason": "in escalation"}, OF_A_TEAM),
    "calendar:change-hold": ({"lift": "1"}, OF_A_TEAM),
    # The token is the key, whoever is signed in.
    "unsubscribe": ({}, frozenset(PEOPLE)),
    "preferences": ({"everything": "off"}, frozenset(PEOPLE)),
    "admin:audiences_importrun_go_on": ({}, OF_A_TEAM),
    "admin:audiences_importrun_cancel": ({}, OF_A_TEAM),
    "admin:audiences_segment_refresh": ({}, OF_A_TEAM),
    "admin:campaigns_feed_revoke": ({}, ADMINS),  # and whose it is
    "admin:campaigns_finding_acknowledge": ({"reason": "because"}, OF_THE_TEAM),
    "admin:deliveries_breaker_try_now": ({}, ADMINS),
    # What is only looked at, lets in or out.
    **{
        name: ({}, NO_ONE)
        for name in (
            "home", "sign-in", "sign-out", "admin:login", "admin:logout", "admin:index", "admin:app_list",
            "admin:search", "admin:jsi18n", "admin:autocomplete", "admin:password_change_done", "admin:view_on_site",
            "admin:audiences_importrun_errors",
        )
    },
}  # fmt: skip
# What is sent to each route of the API by a product with its key; a session opens the first two to workspace admins.
API_POSTS: dict[str, tuple[dict[str, str], frozenset[str]]] = {
    "api-customers": ({"external_id": "walked"}, ADMINS),
    "api-events": ({"customer": "walked", "name": "ordered"}, ADMINS),
    "holds": ({"external_id": "walked", "reason": "in escalation"}, NO_ONE),
    "holds-lift": ({"external_id": "walked"}, NO_ONE),
    "inbox-tokens": ({"external_id": "walked"}, NO_ONE),
    # By the token of the customer alone.
    "inbox-seen": ({}, NO_ONE),
    "inbox-read": ({}, NO_ONE),
    "inbox-dismiss": ({}, NO_ONE),
}
# By model: whose change of one is read (and, being empty, sent back with what is missing). The others get a 403.
ADMIN_CHANGES = {
    "audiences_segment": OF_A_TEAM,
    "audiences_topic": OF_A_TEAM,
    "campaigns_campaign": OF_THE_TEAM,
    "campaigns_importedcalendar": OF_A_TEAM,
    **dict.fromkeys(
        (
            "audiences_workspace", "auth_user", "campaigns_milestone", "campaigns_team", "deliveries_cap",
            "deliveries_quiethours",
        ),
        ADMINS,
    ),
}  # fmt: skip


def declared() -> set[str]:
    return {*ROUTES, *ADMIN_EXTRAS, *(f"admin:{model}_{page}" for model in ADMIN for page in ADMIN_PAGES)}


def answered() -> list[str]:
    """The name of every route of the resolver, or its address where it has none."""
    return list(_walk(get_resolver().url_patterns, "", ""))


def _walk(patterns: list[URLPattern | URLResolver], address: str, space: str) -> list[str]:
    found = []
    for each in patterns:
        here = address + str(each.pattern)
        if isinstance(each, URLResolver):
            found += _walk(each.url_patterns, here, f"{space}{each.namespace}:" if each.namespace else space)
        else:
            found.append(f"{space}{each.name}" if each.name else here)
    return found
