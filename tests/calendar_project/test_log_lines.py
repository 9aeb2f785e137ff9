"""Tokens stay out of the logs."""

import logging

import pytest

from calendar_project.log_lines import WithoutTokens


@pytest.mark.parametrize(
    ("message", "arguments", "logged"),
    [
        ("Not Found: %s", ("/feeds/s3cr3t-s3cr3t-s3cr3t-s3cr3t.ics",), "Not Found: /feeds/…"),
        ("Not Found: %s", ("/m/preferences/eyJjIjoxfQ:1wKx:abcdefgh-ijk_lmn/",), "Not Found: /m/preferences/…/"),
        ("Forbidden: /admin/campaigns/campaign/12/change/", (), "Forbidden: /admin/campaigns/campaign/12/change/"),
        ("%d of %d taken", (3, 4), "3 of 4 taken"),
    ],
)
def test_what_looks_like_a_token_in_an_address_is_not_logged(
    message: str, arguments: tuple[object, ...], logged: str
) -> None:
    record = logging.LogRecord("django.request", logging.WARNING, "here", 1, message, arguments, None)
    assert WithoutTokens().filter(record)
    assert record.getMessage() == logged
