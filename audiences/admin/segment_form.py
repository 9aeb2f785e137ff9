"""The form of a segment: a rule as JSON, or a list of external ids, pasted or in a file."""

import csv
import io
import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget

from audiences.clock import read_now
from audiences.models import Segment
from audiences.queries.segments import CheckedRule, check_rule
from audiences.rules import RuleError
from audiences.services.segments import count_matching

EXAMPLE = """{
  "all": [
    {"attribute": "plan", "is": "pro"},
    {"attribute": "country", "in": ["DE", "AT"]},
    {"did": "ordered", "at_least": 2, "within_days": 90},
    {"not": {"segment": "staff"}}
  ]
}"""
RULE_HELP = (
    "Combine with all, any, not. Conditions: attribute (is, is_not, in, not_in, less_than, at_most, more_than, "
    "at_least, contains, starts_with, exists), did and has_not (at_least, within_days, where), first and last (before, "
    "after, within_days, more_than_days_ago), sum (at_least, …), segment, subscribed (channel). “Check” says the rule "
    "in words and counts, and saves nothing."
)
IDS_HELP = "One external id per line. Those that nobody has are given back to you; the others are taken."
MOST_IDS = 200_000
WIDEST = 80


class RuleField(forms.CharField):
    """JSON that says where it cannot be read, and is shown again exactly as it was typed."""

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            return {}
        try:
            return json.loads(value)
        except RecursionError as error:
            raise ValidationError("This is nested too deep to be a rule.") from error
        except ValueError as error:
            where = f"line {error.lineno}, column {error.colno}: " if isinstance(error, json.JSONDecodeError) else ""
            raise ValidationError(f"This is not JSON. {where}{getattr(error, 'msg', error)}.") from error

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return laid_out(value) if value else ""
        return value


def laid_out(value: Any, indent: str = "") -> str:
    """JSON with a line for each part that is too long for one, so that a condition stays together."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent + line) <= WIDEST or not isinstance(value, dict | list):
        return line
    deeper = indent + "  "
    if isinstance(value, list):
        inner, ends = [laid_out(each, deeper) for each in value], "[]"
    else:
        inner = [f"{json.dumps(key, ensure_ascii=False)}: {laid_out(each, deeper)}" for key, each in value.items()]
        ends = "{}"
    return ends[0] + "".join(f"\n{deeper}{each}," for each in inner).rstrip(",") + f"\n{indent}{ends[1]}"


class SegmentForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """With “Check” it is never valid, so that nothing is saved; `checked` then says what the page shows."""

    rule = RuleField(
        required=False,
        help_text=RULE_HELP,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 16, "class": "almanac-code", "spellcheck": "false", "placeholder": EXAMPLE}
        ),
    )
    add_ids = forms.CharField(
        required=False, label="Add", help_text=IDS_HELP, widget=UnfoldAdminTextareaWidget(attrs={"rows": 8})
    )
    add_file = forms.FileField(
        required=False,
        label="Add from a file",
        help_text="CSV; the external id is in the first column, or in the one named external_id.",
        widget=UnfoldAdminFileFieldWidget,
    )
    remove_ids = forms.CharField(
        required=False, label="Take off", help_text=IDS_HELP, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4})
    )
    checked: dict[str, Any] | None = None

    class Meta:
        model = Segment
        fields = ("name", "slug", "description", "kind", "rule")

    def is_valid(self) -> bool:
        return super().is_valid() and "_check" not in self.data

    def clean_add_ids(self) -> list[str]:
        return _lines(self.cleaned_data["add_ids"])

    def clean_remove_ids(self) -> list[str]:
        return _lines(self.cleaned_data["remove_ids"])

    def clean_add_file(self) -> list[str]:
        upload = self.cleaned_data["add_file"]
        return _first_column(upload.read()) if upload else []

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("kind", self.instance.kind) == Segment.Kind.LIST:
            values["rule"] = {}
        elif "rule" in values:
            self._check_rule(values)
        return values

    def _check_rule(self, values: dict[str, Any]) -> None:
        slug = values.get("slug") or self.instance.slug
        try:
            checked: CheckedRule = check_rule(values["rule"], slug)
            if "_check" in self.data:
                size = count_matching(values["rule"], read_now(), slug)
                self.checked = {"words": checked.words, "hints": checked.hints, "size": size}
        except RuleError as error:
            self.add_error("rule", str(error))


def _lines(text: str) -> list[str]:
    return _limited([line.strip() for line in text.splitlines() if line.strip()])


def _first_column(data: bytes) -> list[str]:
    """The ids of a CSV file; a header that names `external_id` picks the column."""
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValidationError(f"This is not a CSV file in UTF-8: {error}.") from error
    header = rows[0] if rows else []
    column = header.index("external_id") if "external_id" in header else 0
    body = rows[1:] if "external_id" in header else rows
    return _limited([row[column].strip() for row in body if len(row) > column and row[column].strip()])


def _limited(ids: list[str]) -> list[str]:
    if len(ids) > MOST_IDS:
        raise ValidationError(f"At most {MOST_IDS:,} at a time; these are {len(ids):,}. Import an attribute instead.")
    if any("\x00" in each for each in ids):
        raise ValidationError("An id holds a NUL character. Is this a text file?")
    return ids
