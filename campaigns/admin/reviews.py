"""Reviews: which were held, and by whom. What was decided stands in their minutes, which the list leads to."""

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from audiences.admin.pages import page_link
from audiences.admin.read_only import ReadOnlyAdmin
from campaigns.models import Review


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    list_display = ["week", "state", "opened_at", "opened_by", "closed_at", "closed_by", "page"]
    list_select_related = ["opened_by", "closed_by"]
    list_filter = [("state", ChoicesDropdownFilter)]
    list_filter_submit = True
    fields = ["week", "state", "page", "since", "opened_at", "opened_by", "closed_at", "closed_by", "notes"]

    @display(description="Page")
    def page(self, review: Review) -> SafeString | str:
        return page_link("Agenda" if review.is_open else "Minutes", "review:week", review.week)
