"""Pictures of the pages on the sample workspace: `make screenshots`, into screenshots/, which is not kept.

Each page at 1280 and 390 pixels, light and dark. The picture of the README is made with them.
"""

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "screenshots"
README_PICTURE = ROOT / "docs" / "images" / "week.png"
PASSWORD = "a long password"
WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    with tempfile.TemporaryDirectory() as data:
        os.environ.update(ALMANAC_DATA=data, DJANGO_SETTINGS_MODULE="calendar_project.settings")
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        prepare()
        with serving() as address:
            take_pictures(address)


def prepare() -> None:
    """A workspace with the sample, and a superuser to look at it as."""
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from audiences.clock import read_now
    from calendar_project.sample import load_sample

    call_command("migrate", verbosity=0)
    load_sample(read_now(), PASSWORD)
    User.objects.filter(username="ana").update(is_superuser=True)


def pages() -> dict[str, str]:
    """Name of the picture → path."""
    from django.urls import reverse

    from audiences.clock import read_now
    from audiences.models import Customer
    from calendar_project.week.weeks import Week
    from campaigns.models import Campaign, Review

    week = Week.of(read_now().date())
    review = Review.objects.get(state="open")
    named = {
        "campaign-in-review": Campaign.objects.filter(status="in_review").order_by("pk")[0],
        "campaign-running": Campaign.objects.get(name="Tuesday second-hand finds"),
        "campaign-always-on": Campaign.objects.filter(trigger="event")[0],
    }
    return {
        "week": f"/calendar/{week.address}/",
        "week-next": f"/calendar/{week.next.address}/",
        "week-owners": f"/calendar/{week.next.address}/?rows=owners",
        "week-list": f"/calendar/{week.next.address}/list/",
        "month": f"/calendar/{week.anchor:%Y-%m}/",
        "day": f"/calendar/{week.anchor}/",
        "week-empty": "/calendar/2001-W20/",
        **{name: reverse("calendar:campaign", args=[campaign.pk]) for name, campaign in named.items()},
        "review-open": f"/review/{review.week}/",
        "review-form": f"/review/{review.week}/?item={review.items.all()[0].pk}&decision=move",
        "review-minutes": reverse("review:minutes", args=[Review.objects.get(state="closed").week]),
        "review-index": "/review/",
        "review-stopped": "/review/stopped/",
        "review-empty": "/review/2001-W20/",
        "customers": "/calendar/customers/",
        "customer": reverse("calendar:customer", args=[Customer.objects.order_by("pk")[0].pk]),
        "not-found": "/calendar/nowhere/",
    }


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the standard library
        """Requests are not news here."""


@contextmanager
def serving() -> Iterator[str]:
    from django.contrib.staticfiles.handlers import StaticFilesHandler

    from calendar_project.wsgi import application

    server = make_server("127.0.0.1", 0, StaticFilesHandler(application), handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def take_pictures(address: str) -> None:
    import shutil

    from playwright.sync_api import sync_playwright

    paths = pages()
    FOLDER.mkdir(exist_ok=True)
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        for width in WIDTHS:
            for scheme in SCHEMES:
                context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
                page = context.new_page()
                page.goto(f"{address}/sign-in/")
                page.screenshot(path=FOLDER / f"sign-in-{width}-{scheme}.png")
                page.get_by_label("Name").fill("ana")
                page.get_by_label("Password").fill(PASSWORD)
                page.get_by_role("button", name="Sign in").click()
                for name, path in paths.items():
                    page.goto(address + path)
                    # The frames of previews are drawn by another process, a little later, and only when in view.
                    page.set_viewport_size({"width": width, "height": 2400 if "campaign" in name else 900})
                    page.wait_for_timeout(700 if "campaign" in name else 0)
                    page.screenshot(path=FOLDER / f"{name}-{width}-{scheme}.png", full_page=True)
                    if (name, width, scheme) == ("week-next", 1280, "light"):
                        README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
                        clip = {"x": 0, "y": 0, "width": 1280, "height": 1020}
                        page.screenshot(path=README_PICTURE, clip=clip, full_page=True)  # type: ignore[arg-type]
                context.close()
        browser.close()
    print(f"Pictures of {len(paths) + 1} pages are in {FOLDER}.")  # noqa: T201 - a script says what it did


if __name__ == "__main__":
    main()
