"""Pictures of the pages: `make screenshots`, into screenshots/, which is not kept.

Each page of `pictured` at 1280 and 390 pixels, light and dark, and some as they are printed. The picture of the README
is made with them.
"""

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from wsgiref.simple_server import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "screenshots"
README_PICTURE = ROOT / "docs" / "images" / "week.png"
WIDTHS = (1280, 390)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PRINTED = ("week-next", "list", "campaign-in-review", "review-minutes", "review-open")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    """`screenshots.py full`: of that workspace alone."""
    with tempfile.TemporaryDirectory() as data:
        os.environ.update(ALMANAC_DATA=data, DJANGO_SETTINGS_MODULE="calendar_project.settings")
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        from tests.browser.pictured import WORKSPACES, start_over

        FOLDER.mkdir(exist_ok=True)
        taken = 0
        with serving() as address:
            for workspace in WORKSPACES:
                if not sys.argv[1:] or workspace.__name__ in sys.argv:
                    start_over()
                    taken += take_pictures(address, workspace())
    print(f"Pictures of {taken} pages are in {FOLDER}.")  # noqa: T201 - a script says what it did


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


def take_pictures(address: str, paths: dict[str, str]) -> int:
    from playwright.sync_api import sync_playwright

    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        for width in WIDTHS:
            _take(browser, address, paths, width)
        browser.close()
    return len(paths) + 1


def _take(browser: "Browser", address: str, paths: dict[str, str], width: int) -> None:
    from tests.browser.pictured import PASSWORD

    # Without motion: no border is caught halfway between light and dark.
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/sign-in/")
    _take_both(page, f"sign-in-{width}")
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    for name, path in paths.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address + path)
        _show_frames(page, width)
        _take_both(page, f"{name}-{width}")
        if width == WIDTHS[0]:
            _take_once(page, name)
    context.close()


def _take_both(page: "Page", name: str) -> None:
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=FOLDER / f"{name}-{scheme}.png", full_page=True)


def _show_frames(page: "Page", width: int) -> None:
    """The frames of previews are drawn by another process, a little later, and only where they are in view."""
    if page.locator("iframe").count():
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(700)


def _take_once(page: "Page", name: str) -> None:
    """On paper, and for the README."""
    page.emulate_media(color_scheme="light")
    if name == "week-next":
        README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=README_PICTURE, clip={"x": 0, "y": 0, "width": 1280, "height": 1020}, full_page=True)
    if name in PRINTED:
        page.emulate_media(media="print")
        page.screenshot(path=FOLDER / f"{name}-printed.png", full_page=True)
        page.emulate_media(media="screen")


if __name__ == "__main__":
    main()
