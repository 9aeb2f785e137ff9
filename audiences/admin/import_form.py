"""The form that starts an import: the file, what is in it, and which column is which field."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from audiences.csv_rows import FileProblem
from audiences.import_options import CUSTOMERS, EVENTS, FIELDS, ImportOptions
from audiences.models import ImportRun
from audiences.services.importing import check_file

DELIMITERS = [("", "Find out"), (",", "Comma"), (";", "Semicolon"), ("\t", "Tab"), ("whitespace", "Blanks")]
MAPPED = {f"column_{name}": name for name in dict.fromkeys(FIELDS[CUSTOMERS] + FIELDS[EVENTS])}
ONLY = {kind: [f"column_{name}" for name in FIELDS[kind] if name != "external_id"] for kind in (CUSTOMERS, EVENTS)}


def column_field(name: str) -> forms.CharField:
    """Where the file calls a field by another name."""
    widget = UnfoldAdminTextInputWidget(attrs={"placeholder": name})
    return forms.CharField(required=False, max_length=200, label=name, widget=widget)


def text(label: str, help_text: str, **attrs: Any) -> forms.CharField:
    widget = UnfoldAdminTextInputWidget(attrs=attrs)
    return forms.CharField(required=False, max_length=2_000, label=label, help_text=help_text, widget=widget)


def switch(label: str, help_text: str) -> forms.BooleanField:
    return forms.BooleanField(required=False, label=label, help_text=help_text, widget=UnfoldBooleanSwitchWidget)


ColumnsForm = type("ColumnsForm", (forms.Form,), {key: column_field(name) for key, name in MAPPED.items()})


class ImportForm(ColumnsForm, forms.ModelForm):  # type: ignore[misc,valid-type,type-arg]  # made from the field names
    """`options` is what the service takes; a file that cannot be used so is told beside the file."""

    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget, help_text="CSV, as it is or as gzip. One line per customer or event."
    )
    properties = forms.CharField(
        required=False,
        label="Attributes",
        help_text="One per line: name = column, or just the column. Empty: for customers, every column that is left.",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "placeholder": "plan = Subscription plan"}),
    )
    text_columns = text("Read as text", "Columns whose numbers are no numbers, such as postcodes; commas between.")
    event_name = text("Every event is", "The name of every event, where the file has no column for it.")
    date_format = text("Dates are written", "Empty for 2026-11-23 or 2026-11-23T09:00:00Z; else for example %d.%m.%Y.")
    delimiter = forms.ChoiceField(choices=DELIMITERS, required=False, widget=UnfoldAdminSelectWidget)
    header = text("Columns, if the file does not name them", "All of them in their order, with commas between.")
    update_consent = switch(
        "Change consent",
        "Only if on, columns named consent:TOPIC:CHANNEL are read. An import never lifts a suppression.",
    )
    create_customers = switch("Make customers", "An event of somebody unknown makes the customer, instead of an error.")

    class Meta:
        model = ImportRun
        fields = ("kind",)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors:
            self.options = _options(values)
            try:
                check_file(values["file"].file, values["kind"], self.options)
            except FileProblem as problem:
                self.add_error("file", ValidationError(for_the_form(str(problem))))
        return values


def _options(values: dict[str, Any]) -> ImportOptions:
    allowed = FIELDS[values["kind"]]
    columns = {name: values[key].strip() for key, name in MAPPED.items() if name in allowed and values.get(key)}
    return ImportOptions(
        columns=columns,
        properties=_pairs(values["properties"]),
        text=_names(values["text_columns"]),
        event=values["event_name"].strip() if values["kind"] == EVENTS else "",
        date_format=values["date_format"].strip(),
        delimiter=values["delimiter"],
        header=_names(values["header"]),
        update_consent=values["update_consent"],
        create_customers=values["create_customers"],
    )


def _pairs(lines: str) -> dict[str, str]:
    split = [line.partition("=") for line in lines.splitlines() if line.strip()]
    return {name.strip(): (column if sign else name).strip() for name, sign, column in split}


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in listed.split(",") if name.strip())


def for_the_form(sentence: str) -> str:
    """The sentence with the form's fields in place of the command's options."""
    said = re.sub(r"say --map (\w+)=COLUMN", r"write its name into the field “\1”", sentence)
    said = said.replace("name every event with --event", "fill in “Every event is”")
    return said.replace("say --delimiter whitespace", "choose “Blanks” as the delimiter")
