"""Saved views: a choice of filters is kept under a name, changed and given up by whoever saved it."""

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from campaigns.models import SavedView
from campaigns.refusals import NotAllowed, StaleChange

MOST = 50
LONGEST = 1_000  # characters of a choice, as it stands in an address


def save_view(owner: User, name: str, query: str, *, is_shared: bool) -> SavedView:
    """A new view. Raises `NotAllowed` where the name is empty or taken, or there are too many already."""
    name = _named(name)
    if len(query) > LONGEST:
        raise NotAllowed("So much is chosen that it cannot be kept: shorten the name that is looked for.")
    if owner.saved_views.count() >= MOST:
        raise NotAllowed(f"You have {MOST} saved views: delete one that you need no more.")
    try:
        with transaction.atomic():
            return SavedView.objects.create(owner=owner, name=name, query=query, is_shared=is_shared)
    except IntegrityError as error:
        raise NotAllowed(_taken(name)) from error


def change_view(view_id: int, owner: User, name: str, *, is_shared: bool) -> None:
    """Another name, or shared from now on, or one's own again. Raises `NotAllowed`; `StaleChange` where it is gone."""
    name = _named(name)
    try:
        with transaction.atomic():
            changed = _own(view_id, owner).update(name=name, is_shared=is_shared)
    except IntegrityError as error:
        raise NotAllowed(_taken(name)) from error
    if not changed:
        raise StaleChange(f"The view “{name}” was deleted meanwhile.")


def delete_view(view_id: int, owner: User) -> None:
    """A second time it does nothing."""
    _own(view_id, owner).delete()


def _own(view_id: int, owner: User) -> QuerySet[SavedView]:
    return SavedView.objects.filter(pk=view_id, owner=owner)


def _named(name: str) -> str:
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise NotAllowed("A view needs a name, such as “Ours, not approved”.")
    if len(name) > 60:
        raise NotAllowed(f"The name has {len(name)} characters; at most 60 are taken.")
    return name


def _taken(name: str) -> str:
    return f"You have a view called “{name}” already: choose another name, or delete that one first."
