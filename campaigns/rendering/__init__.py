"""Liquid templates of messages: compiled once, rendered per customer, within limits that no template can leave.

The context is plain dicts: `customer` (external_id, name, email, locale, timezone, attributes), `event` (name, value,
properties) and `links` (unsubscribe, preferences, view). Nothing else is in reach: no objects, files or includes.
"""

from .compiled import Compiled
from .fields import unknown_fields
from .limits import LARGEST_OUTPUT
from .problems import TemplateProblem
from .reading import compile_template

__all__ = ["LARGEST_OUTPUT", "Compiled", "TemplateProblem", "compile_template", "unknown_fields"]
