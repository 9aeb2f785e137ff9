"""The workspace of the sample: a record shop on the web called Longplay, its teams, topics, segments and rules."""

from dataclasses import dataclass, field
from typing import Any

NAME = "Longplay"
TIMEZONE = "Europe/Berlin"
HOLIDAYS_OF = ["DE-BE", "AT", "CH", "US"]
GLOBAL_HOLDOUT_PERCENT = 5
# Fixed, so that the same customers are held out on every run.
SALT = "longplay"

# slug: name, colour
TEAMS = {
    "lifecycle": ("Lifecycle", "#2f6fde"),
    "success": ("Customer Success", "#0e9268"),
    "product": ("Product", "#8a48c8"),
}
# user name: first name, last name, roles by team
PEOPLE: dict[str, tuple[str, str, dict[str, str]]] = {
    "ana": ("Ana", "Winter", {"lifecycle": "approver"}),
    "eli": ("Eli", "Moreau", {"lifecycle": "planner"}),
    "ben": ("Ben", "Okafor", {"success": "approver"}),
    "dora": ("Dora", "Lindqvist", {"success": "planner"}),
    "chidi": ("Chidi", "Eze", {"product": "approver"}),
    "mara": ("Mara", "Stein", {"product": "planner"}),
    "tom": ("Tom", "Reyes", {"lifecycle": "viewer", "success": "viewer", "product": "viewer"}),
}


@dataclass(frozen=True)
class TopicSketch:
    """A topic, and the shares of customers who said yes or no to it by channel."""

    slug: str
    name: str
    description: str
    opt_in: bool = False
    said_yes: dict[str, float] = field(default_factory=dict)
    said_no: dict[str, float] = field(default_factory=dict)


TOPICS = [
    TopicSketch("tips", "Listening tips", "Records that go well with yours", said_no={"email": 0.07, "in_app": 0.02}),
    TopicSketch(
        "offers",
        "Offers",
        "Sales and vouchers, for those who asked for them",
        opt_in=True,
        said_yes={"email": 0.52, "in_app": 0.40},
        said_no={"email": 0.03},
    ),
    TopicSketch("news", "Product news", "What is new in the shop and the app", said_no={"email": 0.05, "in_app": 0.01}),
    TopicSketch("billing", "Orders and billing", "Your orders, your membership, your terms"),
]
# event, expected days
MILESTONES = [
    ("First order", "ordered", None),
    ("Joined the club", "joined_club", 90),
    ("Renewed the club", "renewed_club", 365),
]
CAPS: list[dict[str, Any]] = [
    {"name": "Three messages a week", "limit": 3, "days": 7, "scope": "all"},
    {"name": "One offer in three days", "limit": 1, "days": 3, "scope": "topic", "topic": "offers"},
]
# channel: start, end
QUIET_HOURS = {"email": ("21:00", "07:00"), "in_app": ("23:00", "06:00")}

# slug: name, description, rule; the order lets one refer to another above it
SEGMENTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "customers": ("All customers", "Everyone who ever ordered", {"did": "ordered"}),
    "recent": ("Ordered lately", "An order in the last 90 days", {"did": "ordered", "within_days": 90}),
    "regulars": (
        "Regulars",
        "Five orders or more, and one in the last half year",
        {"all": [{"did": "ordered", "at_least": 5}, {"did": "ordered", "within_days": 180}]},
    ),
    "once": ("Ordered once", "One order and no second", {"not": {"did": "ordered", "at_least": 2}}),
    "slipping": (
        "Slipping away",
        "Used to order, and has not for four months",
        {"all": [{"did": "ordered", "at_least": 3}, {"has_not": "ordered", "within_days": 120}]},
    ),
    "big-spenders": ("Big spenders", "$200 or more altogether", {"sum": "ordered", "at_least": 200}),
    "club": ("Club members", "On the club plan", {"attribute": "plan", "is": "club"}),
    "shops": ("Record shops", "Shops that buy for their own shelves", {"attribute": "plan", "is": "shop"}),
    "german-speaking": (
        "Germany, Austria, Switzerland",
        "Customers in the three countries",
        {"attribute": "country", "in": ["DE", "AT", "CH"]},
    ),
    "quiet-club": (
        "Quiet club members",
        "In the club, and no order for 60 days",
        {"all": [{"segment": "club"}, {"has_not": "ordered", "within_days": 60}]},
    ),
}
LIST_SEGMENT = ("beta", "Beta testers", "Put their hands up for unfinished things")
BETA_TESTERS = 180
