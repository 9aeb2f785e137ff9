"""The content policy, page by page, and static files as a browser gets them."""

import re

import pytest
from django.test import Client

from tests.builders import make_user


def directives(policy: str) -> dict[str, set[str]]:
    return {name: set(rest) for name, *rest in (part.split() for part in policy.split(";"))}


STRICT = {
    "default-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "frame-ancestors": {"'self'"},
    "object-src": {"'none'"},
    "base-uri": {"'self'"},
    "form-action": {"'self'"},
}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/sign-in/", "/healthz", "/calendar/", "/no-such-page/", "/administration/"])
def test_our_own_pages_run_nothing_inline(client: Client, path: str) -> None:
    client.force_login(make_user())
    assert directives(client.get(path).headers["Content-Security-Policy"]) == STRICT


@pytest.mark.django_db
def test_the_admin_alone_may(client: Client) -> None:
    assert directives(client.get("/admin/login/").headers["Content-Security-Policy"]) == {
        **STRICT,
        "script-src": {"'self'", "'unsafe-eval'", "'unsafe-inline'"},
        "style-src": {"'self'", "'unsafe-inline'"},
    }


@pytest.mark.django_db
def test_the_admins_style_sheets_are_served_without_collectstatic(client: Client) -> None:
    links = re.findall(r'href="(/static/[^"]+\.css)"', client.get("/admin/login/").content.decode())
    assert links
    for link in links:
        answer = client.get(link)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, 'text/css; charset="utf-8"')
        assert len(answer.content) == int(answer.headers["Content-Length"]) > 0


def test_a_style_sheet_that_the_browser_has_is_not_sent_again(client: Client) -> None:
    first = client.get("/static/calendar_project/almanac.css")
    again = client.get("/static/calendar_project/almanac.css", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["state__exact=%00", "q=a%00b"])
def test_a_nul_in_a_query_is_refused_before_a_database_sees_it(client: Client, query: str) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert client.get(f"/admin/campaigns/send/?{query}").status_code == 400
