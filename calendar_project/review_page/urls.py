"""The pages of the weekly review."""

from django.urls import path, re_path

from .keeping import keep_low_page, take_back_low_page
from .stopped import stopped_page
from .views import close_page, decide_page, index_page, minutes_page, open_page, review_page, take_back_page

app_name = "review"
WEEK = r"^(?P<address>\d{4}-W\d{2})/"
urlpatterns = [
    path("", index_page, name="index"),
    path("stopped/", stopped_page, name="stopped"),
    re_path(WEEK + "$", review_page, name="week"),
    re_path(WEEK + "minutes/$", minutes_page, name="minutes"),
    re_path(WEEK + "open/$", open_page, name="open"),
    re_path(WEEK + "close/$", close_page, name="close"),
    re_path(WEEK + "low/keep/$", keep_low_page, name="keep-low"),
    re_path(WEEK + "low/take-back/$", take_back_low_page, name="take-back-low"),
    re_path(WEEK + r"items/(?P<item_id>\d{1,18})/$", decide_page, name="decide"),
    re_path(WEEK + r"items/(?P<item_id>\d{1,18})/take-back/$", take_back_page, name="take-back"),
]
