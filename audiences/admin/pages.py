"""Links from the admin to the pages outside it, by the name of the URL, so that no upper floor is imported."""

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


def page_url(name: str, *args: object) -> str:
    """The address of a page by name, or the empty string where this deployment has none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def page_link(text: str, name: str, *args: object) -> SafeString | str:
    """The text as a link to the page, or as itself where there is no such page."""
    url = page_url(name, *args)
    return link(text, url) if url else text


def link(text: object, url: str) -> SafeString:
    return format_html('<a class="text-link underline" href="{}">{}</a>', url, text)
