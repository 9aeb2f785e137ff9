"""What tests of imports share: a file of purchases, and what became of it."""

from datetime import datetime
from typing import Any

from audiences.models import ImportRun
from tests.builders import NOW


def clock() -> datetime:
    return NOW


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    return run.rows_read, run.rows_written, run.rows_unchanged, run.rows_refused


PURCHASES = (
    " customer_id  date number_of_cds  dollar_value",
    " 00001 19970101  1   11.77",
    " 00001 19970101  1   11.77",
    " 00001 19970101  2   11.77",
    " 00001 19970101  1   11.77",
    " 00001 19970102  1   11.77",
    " 00002 19970101  1   11.77",
)
AS_PURCHASES: dict[str, Any] = {
    "columns": {"external_id": "customer_id", "occurred_at": "date", "value": "dollar_value"},
    "properties": {"cds": "number_of_cds"},
    "event": "ordered",
    "date_format": "%Y%m%d",
    "delimiter": "whitespace",
}
