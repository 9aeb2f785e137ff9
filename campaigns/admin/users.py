"""Users: who may sign in, and in which teams they are what. Teams take the place of Django's groups."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from audiences.admin.discretion import Discreet
from campaigns.models import Membership

admin.site.unregister(User)
admin.site.unregister(Group)


class TeamsInline(TabularInline):
    model = Membership
    fields = ["team", "role"]
    extra = 0
    verbose_name_plural = "Teams"


@admin.register(User)
class UserAdmin(DjangoUserAdmin, Discreet):  # type: ignore[type-arg]  # not generic at run time
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = [TeamsInline]
    list_display = ["username", "email", "first_name", "last_name", "is_active", "is_staff", "is_superuser"]
    list_filter = [
        ("is_active", BooleanRadioFilter),
        ("is_staff", BooleanRadioFilter),
        ("is_superuser", BooleanRadioFilter),
    ]
    actions = None
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        (
            "Rights",
            {
                "fields": ("is_active", "is_staff", "is_superuser"),
                "description": "Staff may sign in here and see the whole plan. What they may change follows from their "
                "teams below: planners write and ask for approval, approvers also approve. A superuser may do all.",
            },
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "email", "is_staff", "usable_password", "password1", "password2")}),
    )
