"""What the Lifecycle team of the sample plans: tips, offers, and asking people back."""

from datetime import timedelta

from calendar_project.sample.letters import letter, note
from calendar_project.sample.sketches import Sketch

LIFECYCLE = (
    Sketch(
        name="Friday listening tips",
        team="lifecycle",
        owner="eli",
        topic="tips",
        include=("recent", "regulars"),
        becomes="running",
        goal="ordered",
        weekly="FR",
        hour="09:00",
        messages=(
            letter(
                "Three records for your weekend",
                "Hello {{ customer.attributes.first_name }},",
                "you like {{ customer.attributes.taste }}, so this week’s three come from that shelf: one that "
                "everybody "
                "knows, one that nobody does, and one that is better on the second side.",
                "Put the kettle on. Side A takes about twenty minutes.",
                button=("Hear this week’s three", "/tips/weekend"),
            ),
        ),
        more={"zone": "customer", "goal_within": timedelta(days=7), "priority": 40, "reentry_days": 0},
    ),
    Sketch(
        name="Tuesday second-hand finds",
        team="lifecycle",
        owner="eli",
        topic="offers",
        include=("customers",),
        exclude=("shops",),
        becomes="running",
        goal="ordered",
        weekly="TU",
        hour="10:00",
        messages=(
            letter(
                "In the crates today: second-hand, checked, from $6",
                "Hello {{ customer.attributes.first_name }},",
                "forty crates came in on Monday. We have played every record once, cleaned what needed it and "
                "marked what "
                "crackles. The best of the {{ customer.attributes.taste }} goes first, as ever.",
                button=("Look through the crates", "/second-hand"),
            ),
            note(
                "New in the crates",
                "Forty crates of second-hand records, played and checked. From $6.",
                "/second-hand",
            ),
        ),
        more={"goal_within": timedelta(days=3), "priority": 45, "reentry_days": 0, "holdout_percent": 10},
    ),
    Sketch(
        name="After an order: what goes well with it",
        team="lifecycle",
        owner="ana",
        topic="tips",
        include=("customers",),
        becomes="running",
        goal="ordered",
        milestone="First order",
        messages=(
            letter(
                "What goes well with your last order",
                "Hello {{ customer.attributes.first_name }},",
                "thank you for your order. People who chose the same kept coming back to two other records, "
                "and we think "
                "that you may as well.",
                button=("See the two", "/goes-well-with"),
            ),
            note("Goes well with your order", "Two records that people like you kept playing.", "/goes-well-with"),
        ),
        more={
            "trigger": "event",
            "event": "ordered",
            "delay": timedelta(hours=3),
            "reentry_days": 21,
            "reach": "first",
            "goal_within": timedelta(days=14),
            "expires_after": timedelta(days=2),
            "priority": 55,
        },
    ),
    Sketch(
        name="Sixty days without a record",
        team="lifecycle",
        owner="ana",
        topic="tips",
        include=("customers",),
        exclude=("quiet-club",),
        becomes="running",
        goal="ordered",
        messages=(
            letter(
                "Sixty quiet days, {{ customer.attributes.first_name }}",
                "It has been two months since your last record. No hurry from our side.",
                "Should your shelf have room again: here is what came out in {{ customer.attributes.taste }} "
                "meanwhile, in "
                "one short list.",
                button=("What you missed", "/since-you-left"),
            ),
        ),
        more={
            "trigger": "silence",
            "event": "ordered",
            "silence_days": 60,
            "reentry_days": 90,
            "local_time": "10:30",
            "goal_within": timedelta(days=30),
            "priority": 50,
        },
    ),
    Sketch(
        name="The second order",
        team="lifecycle",
        owner="eli",
        topic="tips",
        include=("once",),
        becomes="running",
        goal="ordered",
        workday=-3,
        hour="11:00",
        messages=(
            letter(
                "One record is a start",
                "Hello {{ customer.attributes.first_name }},",
                "you bought one record with us, and we would like to know whether we chose well for you. Tell "
                "us with one "
                "tap, and the next tip will be closer.",
                button=("It was a good one, it was not", "/first-record"),
            ),
        ),
        more={"goal_within": timedelta(days=14), "priority": 35, "holdout_percent": 20},
    ),
    Sketch(
        name="Come back: postage is on us",
        team="lifecycle",
        owner="eli",
        topic="offers",
        include=("slipping",),
        exclude=("shops",),
        becomes="in_review",
        goal="ordered",
        workday=1,
        hour="10:30",
        ends=3,
        messages=(
            letter(
                "Postage is on us until Sunday",
                "Hello {{ customer.attributes.first_name }},",
                "you used to order often. Whatever kept you: until Sunday we pay the postage, for any number "
                "of records.",
                button=("Choose something", "/welcome-back"),
            ),
            letter(
                "{{ customer.attributes.first_name }}, your shelf called",
                "It says that there is room next to the {{ customer.attributes.taste }}. Until Sunday we pay "
                "the postage.",
                button=("Fill the gap", "/welcome-back"),
                variant="B",
            ),
        ),
        more={
            "goal_within": timedelta(days=5),
            "priority": 60,
            "holdout_percent": 10,
            "guardrails": ["unsubscribed"],
            "hypothesis": "A light tone brings back more people than a plain offer, and no more of them unsubscribe.",
        },
    ),
    Sketch(
        name="Club night: double stamps",
        team="lifecycle",
        owner="eli",
        topic="offers",
        include=("club",),
        becomes="draft",
        goal="ordered",
        milestone="Renewed the club",
        workday=2,
        hour="17:00",
        messages=(
            letter(
                "Tonight every stamp counts twice",
                "Hello {{ customer.attributes.first_name }},",
                "from six until midnight each record in the club gives you two stamps. Ten stamps are a record.",
                button=("To the club", "/club/night"),
            ),
            note("Double stamps tonight", "From six until midnight, for club members.", "/club/night"),
        ),
        more={"zone": "customer", "goal_within": timedelta(days=1), "priority": 50},
    ),
)
