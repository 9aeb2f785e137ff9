"""What an embedded workspace needs before it can be used: tables, somebody to sign in as, something to look at."""

import os
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.contrib.auth.models import User
from django.core.management import call_command

from audiences.models import Customer
from calendar_project.sample import load_sample
from campaigns.models import Campaign

ADMIN = "admin"
Tell = Callable[[str], None]


def prepare(sign_in: Path, now: Callable[[], datetime], tell: Tell) -> None:
    """Make or go on with a workspace; `sign_in` is where the first user's password is kept."""
    tell("Bringing the database up to date ...")
    call_command("migrate", verbosity=0, interactive=False)
    make_admin(sign_in)
    if is_empty():
        tell("Loading the sample workspace (once, half a minute or so) ...")
        # The people of the sample can sign in like the first user does.
        load_sample(now(), kept_password(sign_in))


def is_empty() -> bool:
    return not Customer.objects.exists() and not Campaign.objects.exists()


def make_admin(sign_in: Path) -> None:
    """The first superuser, with a password that nobody chose, in a file that this user alone can read."""
    if User.objects.filter(is_superuser=True).exists():
        return
    password = secrets.token_urlsafe(12)
    # The file first: a user whose password is written nowhere could never sign in.
    sign_in.unlink(missing_ok=True)
    with os.fdopen(os.open(sign_in, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{ADMIN}\n{password}\n")
    User.objects.create_superuser(ADMIN, "admin@example.com", password)


def kept_password(sign_in: Path) -> str:
    """The password of the first superuser, or "" when it has been changed since."""
    if not sign_in.exists():
        return ""
    name, password = sign_in.read_text().split()
    user = User.objects.filter(username=name, is_active=True).first()
    return password if user is not None and user.check_password(password) else ""
