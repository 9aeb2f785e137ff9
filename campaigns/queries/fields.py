"""The names that a message's template may use."""

from audiences.models import AttributeName
from campaigns.plan import Plan

CUSTOMER_FIELDS = ("external_id", "name", "email", "locale", "timezone")
LINKS = ("unsubscribe", "preferences", "view")


def known_fields(plan: Plan) -> set[str]:
    """Dotted names; `.*` at the end stands for all below. An event's are known where an event fires it."""
    attributes = AttributeName.objects.values_list("name", flat=True)
    known = {f"customer.{name}" for name in CUSTOMER_FIELDS} | {f"links.{name}" for name in LINKS}
    known |= {f"customer.attributes.{name}{below}" for name in attributes for below in ("", ".*")}
    return known | {"event.*"} if plan.trigger == "event" else known
