"""Routes of the inbox and of holds, below `/api/v1/`. With and without a slash at the end."""

from django.urls import re_path

from deliveries.api.holds import HoldView, LiftView
from deliveries.api.inbox import ActionView, InboxView, TokenView, UnreadView
from deliveries.services.inbox import ACTIONS

# Digits that any database can look for.
ITEM = r"[0-9]{1,18}"

urlpatterns = [
    re_path(r"^holds/?$", HoldView.as_view(), name="holds"),
    re_path(r"^holds/lift/?$", LiftView.as_view(), name="holds-lift"),
    re_path(r"^inbox/?$", InboxView.as_view(), name="inbox"),
    re_path(r"^inbox/unread/?$", UnreadView.as_view(), name="inbox-unread"),
    re_path(r"^inbox/tokens/?$", TokenView.as_view(), name="inbox-tokens"),
    *(
        re_path(rf"^inbox/(?P<item_id>{ITEM})/{action}/?$", ActionView.as_view(action=action), name=f"inbox-{action}")
        for action in ACTIONS
    ),
]
