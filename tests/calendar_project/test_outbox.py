"""The outbox: what it lists, what it shows, and to whom."""

from email.message import EmailMessage
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from calendar_project.outbox import mails
from tests.builders import make_team, make_user

embedded_only = pytest.mark.only_on("sqlite")


def write_mail(folder: Path, number: int = 1, *, subject: str = "", html: str = "", text: str = "Hello") -> str:
    folder.mkdir(exist_ok=True)
    message = EmailMessage()
    message["From"], message["To"] = "Almanac <almanac@example.com>", f"c{number}@example.com"
    message["Subject"], message["Date"] = subject or f"Mail {number}", "Mon, 23 Nov 2026 09:00:00 +0000"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    name = f"20261123T0900{number:02}.000000-id{number}@example.com.eml"
    (folder / name).write_bytes(message.as_bytes())
    return name


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.EMAIL_URL = f"outbox://{tmp_path}/outbox"
    return tmp_path / "outbox"


@pytest.fixture
def admin(db: None, client: Client) -> Client:
    client.force_login(make_user(is_superuser=True))
    return client


def test_mails_are_listed_newest_first(folder: Path) -> None:
    written = [write_mail(folder, number) for number in (2, 3, 1)]
    assert mails.names(folder) == sorted(written, reverse=True)


def test_half_written_and_foreign_files_are_not_mails(folder: Path) -> None:
    name = write_mail(folder)
    for other in (".tmp1234.part", "notes.txt", ".hidden.eml"):
        (folder / other).write_text("no mail")
    assert mails.names(folder) == [name]


def test_a_mail_is_shown_with_headers_text_and_html(folder: Path) -> None:
    name = write_mail(folder, subject="Grüße", html="<p>Hello <b>you</b></p>")
    mail = mails.mail(folder, name)
    assert mail is not None
    assert mail.heading == mails.Heading(name, "c1@example.com", "Grüße", "Mon, 23 Nov 2026 09:00:00 +0000")
    assert (mail.text, mail.html) == ("Hello\n", "<p>Hello <b>you</b></p>\n")
    assert dict(mail.headers)["From"] == "Almanac <almanac@example.com>"


@pytest.mark.parametrize("name", ["../secret_key", "..%2Fsecret_key", "notes.txt", ".eml", "missing.eml"])
def test_a_name_that_no_mail_has_leads_nowhere(folder: Path, name: str) -> None:
    write_mail(folder)
    (folder.parent / "secret_key").write_text("secret")
    assert mails.mail(folder, name) is None


def test_a_mail_of_broken_bytes_is_still_shown(folder: Path) -> None:
    folder.mkdir()
    (folder / "20261123-x.eml").write_bytes(
        b"Subject: \xff\xfe\nContent-Type: text/plain; charset=nonsense\n\n\xff\xfe"
    )
    mail = mails.mail(folder, "20261123-x.eml")
    assert mail is not None
    assert mail.text


@embedded_only
def test_the_list_says_when_it_is_empty(admin: Client, folder: Path) -> None:
    assert "No mail yet" in admin.get("/outbox/").content.decode()


@embedded_only
def test_the_list_opens_no_more_files_than_a_page_shows(
    admin: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    read = mails.heading

    def counting(where: Path, name: str) -> mails.Heading | None:
        opened.append(name)
        return read(where, name)

    monkeypatch.setattr(mails, "heading", counting)
    for number in range(60):
        write_mail(folder, number)
    page = admin.get("/outbox/").content.decode()
    assert len(opened) == 50
    assert "Mail 59" in page
    assert "Page 1 of 2, 60 mails" in page
    assert "Mail 0<" in admin.get("/outbox/?page=2").content.decode()


@embedded_only
@pytest.mark.parametrize("mails_there", [1, 3])
def test_the_list_asks_the_database_as_much_for_one_mail_as_for_three(
    admin: Client, folder: Path, mails_there: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(mails_there):
        write_mail(folder, number)
    with django_assert_num_queries(3):  # session, user, teams' styles
        assert admin.get("/outbox/").status_code == 200


@embedded_only
def test_html_stands_in_a_frame_that_can_run_nothing(admin: Client, folder: Path) -> None:
    name = write_mail(folder, html="<p>Hello</p><script>alert(1)</script>")
    page = admin.get(f"/outbox/{name}").content.decode()
    assert 'srcdoc="&lt;p&gt;Hello&lt;/p&gt;\n"' in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "alert(1)" not in page
    assert admin.get("/outbox/other.eml").status_code == 404


@embedded_only
def test_only_workspace_admins_may_look(client: Client, db: None, folder: Path) -> None:
    """It holds the mails of private campaigns, and those to other people."""
    assert client.get("/outbox/").headers["Location"] == "/sign-in/?next=/outbox/"
    client.force_login(make_user(is_staff=True, team=make_team()))
    assert client.get("/outbox/").status_code == 404


@embedded_only
def test_there_is_none_where_mail_is_really_sent(admin: Client, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:25"
    assert admin.get("/outbox/").status_code == 404


@pytest.mark.only_on("postgresql")
def test_a_deployment_has_no_outbox(admin: Client) -> None:
    assert not django_settings.EMBEDDED
    assert admin.get("/outbox/").status_code == 404
