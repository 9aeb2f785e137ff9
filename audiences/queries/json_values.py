"""One key of a JSON column as a typed SQL value, alike on SQLite and PostgreSQL.


Each expression is NULL unless the key holds a value of its type: "10" is text and never the number 10, and `true`
is never the number 1.
"""

import json
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Func, Value

Compiled = tuple[str, tuple[Any, ...]]


class JsonKey(Func):
    """`kinds` are the types as each database names them, `extract` how it takes the value out."""

    sqlite_sql = ""
    postgresql_sql = ""

    def __init__(self, column: str, key: str, **extra: Any) -> None:
        super().__init__(column, **extra)
        self.key = key

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Compiled:
        # Keys are kept by SQLite as Django wrote them, with escapes beyond ASCII: the path is escaped alike.
        return self._compiled(compiler, self.sqlite_sql, "$." + json.dumps(self.key))

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Compiled:
        return self._compiled(compiler, self.postgresql_sql, self.key)

    def _compiled(self, compiler: Any, sql: str, key: str) -> Compiled:
        column, _ = compiler.compile(self.source_expressions[0])
        return sql.format(column=column), (key,) * sql.count("%s")


class JsonText(JsonKey):
    output_field = models.TextField()
    sqlite_sql = "CASE WHEN json_type({column}, %s) = 'text' THEN json_extract({column}, %s) END"
    # "C": by code point, as SQLite and Python compare; the database's own order may pass over case and hyphens.
    postgresql_sql = (
        "(CASE WHEN jsonb_typeof({column} -> %s::text) = 'string' THEN {column} ->> %s::text END) COLLATE \"C\""
    )


class JsonNumber(JsonKey):
    output_field = models.FloatField()
    sqlite_sql = "CASE WHEN json_type({column}, %s) IN ('integer', 'real') THEN json_extract({column}, %s) END"
    postgresql_sql = "CASE WHEN jsonb_typeof({column} -> %s::text) = 'number' THEN ({column} ->> %s::text)::numeric END"


class JsonTruth(JsonKey):
    output_field = models.BooleanField()
    sqlite_sql = "CASE json_type({column}, %s) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"
    postgresql_sql = (
        "CASE WHEN jsonb_typeof({column} -> %s::text) = 'boolean' THEN ({column} ->> %s::text)::boolean END"
    )


class JsonKind(JsonKey):
    """The type's name; NULL where the key is missing, 'null' where it holds null."""

    output_field = models.TextField()
    sqlite_sql = "json_type({column}, %s)"
    postgresql_sql = "jsonb_typeof({column} -> %s::text)"


class RuleNumber(Value):
    """A number of a rule. PostgreSQL compares it as the decimal it is written as, which is how it stores JSON."""

    def __init__(self, number: int | float) -> None:
        super().__init__(number, output_field=models.FloatField())

    def as_sql(self, compiler: Any, connection: Any) -> Compiled:
        return "%s", (self.value,)

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Compiled:
        return "%s::numeric", (Decimal(repr(self.value)),)


class ByCodePoint(Func):
    """A text column compared by code point on both databases; empty text is NULL, because it means “missing”."""

    output_field = models.TextField()
    template = "NULLIF(%(expressions)s, '')"

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Compiled:
        sql, params = super().as_sql(compiler, connection, template="NULLIF(%(expressions)s, '') COLLATE \"C\"")
        return sql, tuple(params)
