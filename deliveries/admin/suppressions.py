"""Suppressions: customers and addresses that must not be written to; adding one withdraws what was admitted."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from audiences.addresses import address_hash
from audiences.clock import read_now
from audiences.models import Customer, Suppression
from campaigns.admin.lists import channel_choices
from deliveries.services.address_suppression import suppress_address
from deliveries.services.withdrawals import suppress


def every_channel() -> list[tuple[str, str]]:
    return [("", "Every channel"), *channel_choices()]


class SuppressionForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """One of the two: a customer, by the product's id, or an address, which is kept as a hash."""

    external_id = forms.CharField(
        required=False, max_length=200, label="Customer", help_text="Their external id.",
        widget=UnfoldAdminTextInputWidget,
    )  # fmt: skip
    address = forms.CharField(
        required=False, max_length=320, label="Or an e-mail address", widget=UnfoldAdminTextInputWidget,
        help_text="Holds for everyone who has it, now or later. Only a keyed hash of it is kept.",
    )  # fmt: skip
    channel = forms.ChoiceField(choices=every_channel, required=False, widget=UnfoldAdminSelectWidget)
    customer: Customer | None = None

    class Meta:
        model = Suppression
        fields = ("channel", "note")

    def clean_external_id(self) -> str:
        external_id = str(self.cleaned_data["external_id"]).strip()
        if external_id:
            self.customer = Customer.objects.filter(external_id=external_id, erased_at=None).first()
            if self.customer is None:
                raise ValidationError(f"There is no customer “{external_id}”.")
        return external_id

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"]).strip()
        if address:
            validate_email(address)
        return address

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors and bool(values.get("external_id")) == bool(values.get("address")):
            raise ValidationError("Give a customer or an address: one of the two.")
        return values

    def _post_clean(self) -> None:
        """The row is written by the service, which knows whom it is of; the model's own checks come too early."""


@admin.register(Suppression)
class SuppressionAdmin(ModelAdmin):
    """To lift one, delete it. None is ever changed."""

    form = SuppressionForm
    list_display = ["whom", "where", "reason", "note", "created_at"]
    list_select_related = ["customer"]
    list_filter = [("reason", ChoicesDropdownFilter)]
    search_fields = ["=customer__external_id"]
    search_help_text = "The customer's external id or an e-mail address, in full"
    ordering = ["-id"]
    show_full_result_count = False
    actions = None

    def get_fields(self, request: HttpRequest, obj: Suppression | None = None) -> list[str]:
        return (
            ["whom", "where", "reason", "note", "created_at"] if obj else ["external_id", "address", "channel", "note"]
        )

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        return False

    @display(description="Who")
    def whom(self, suppression: Suppression) -> str:
        return str(suppression.customer) if suppression.customer else "an address, kept as a hash"

    @display(description="Channel")
    def where(self, suppression: Suppression) -> str:
        return suppression.channel or "every channel"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        if "@" in search_term:
            stored = address_hash(search_term)
            return queryset.filter(Q(address_hash=stored) | Q(customer__address_hash=stored)), False
        found: tuple[QuerySet[Suppression], bool] = super().get_search_results(request, queryset, search_term)
        return found

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        values, now = form.cleaned_data, read_now()
        note = f"{values['note'][:150]} (by {request.user.get_username()[:40]})".strip()
        if form.customer:
            is_new = suppress(form.customer.pk, values["channel"], Suppression.Reason.MANUAL, note, now)
        else:
            is_new = suppress_address(values["address"], values["channel"], note, now)
        said = "Suppressed: nothing more leaves for them there." if is_new else "That was suppressed already."
        messages.success(request, said)

    def log_addition(self, request: HttpRequest, obj: Suppression, message: Any) -> None:
        """The note says who; the form's object was never written, so there is none to log."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return redirect("admin:audiences_suppression_changelist")
