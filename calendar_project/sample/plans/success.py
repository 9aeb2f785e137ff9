"""What the Customer Success team of the sample plans: shops, club members, and how their orders went."""

from datetime import timedelta

from calendar_project.sample.letters import letter, note
from calendar_project.sample.sketches import Sketch

SUCCESS = (
    Sketch(
        name="Shop accounts: next month’s terms",
        team="success",
        owner="dora",
        topic="billing",
        include=("shops",),
        becomes="approved",
        goal="renewed_club",
        milestone="Renewed the club",
        workday=1,
        hour="12:00",
        messages=(
            letter(
                "Your terms from next month",
                "Dear {{ customer.name }},",
                "from the first of next month your discount is counted on whole crates and not on single "
                "records. For nearly "
                "every shop this is better by a little; where it is not, write to us and we keep yours as it is.",
                button=("See your own figures", "/shops/terms"),
            ),
        ),
        more={"goal_within": timedelta(days=30), "priority": 90},
    ),
    Sketch(
        name="How did your order go?",
        team="success",
        owner="dora",
        topic="billing",
        include=("recent",),
        becomes="running",
        goal="answered_survey",
        workday=-2,
        hour="16:00",
        ends=0,
        messages=(
            letter(
                "How did your order go?",
                "Hello {{ customer.attributes.first_name }},",
                "two questions, ten seconds: did it arrive in one piece, and would you order again?",
                button=("Answer", "/survey/order"),
            ),
            letter(
                "Did it arrive in one piece?",
                "Hello {{ customer.attributes.first_name }},",
                "your last order: yes or no is all we ask. A “no” reaches a person within the day.",
                button=("Yes or no", "/survey/order"),
                variant="B",
            ),
        ),
        more={
            "goal_within": timedelta(days=7),
            "priority": 65,
            "guardrails": ["unsubscribed"],
            "hypothesis": "A question that can be answered in one word is answered by more people.",
        },
    ),
    Sketch(
        name="A quiet club member: can we help?",
        team="success",
        owner="ben",
        topic="billing",
        include=("club",),
        becomes="running",
        goal="ordered",
        milestone="Renewed the club",
        messages=(
            letter(
                "Is the club still right for you?",
                "Hello {{ customer.attributes.first_name }},",
                "you are in the club and have not ordered for sixty days. If something went wrong, tell us and "
                "we put it "
                "right. If it is not for you at present, you can pause it with one tap and nothing is lost.",
                button=("Tell us, or pause", "/club/help"),
            ),
        ),
        more={
            "trigger": "enters",
            "trigger_segment": "quiet-club",
            "delay": timedelta(hours=1),
            "reentry_days": 60,
            "goal_within": timedelta(days=30),
            "priority": 70,
            "on_breach": "defer",
            "expires_after": timedelta(days=7),
        },
    ),
    Sketch(
        name="A call with your account manager",
        team="success",
        owner="dora",
        topic="billing",
        include=("shops", "big-spenders"),
        becomes="in_review",
        goal="booked_call",
        workday=3,
        hour="14:30",
        messages=(
            letter(
                "Half an hour about the coming season",
                "Dear {{ customer.name }},",
                "which records will you want more of, and which did you send back? Half an hour with us now "
                "saves you a crate "
                "of returns later.",
                button=("Choose a time", "/call"),
            ),
        ),
        more={"goal_within": timedelta(days=14), "priority": 70},
    ),
    Sketch(
        name="Is this still your address?",
        team="success",
        owner="dora",
        topic="billing",
        include=("german-speaking",),
        becomes="paused",
        goal="confirmed_address",
        workday=4,
        hour="09:30",
        messages=(
            letter(
                "Is this still your address?",
                "Hello {{ customer.attributes.first_name }},",
                "three parcels in a hundred come back because somebody moved. Please look once whether yours is right.",
                button=("Check my address", "/account/address"),
            ),
            note(
                "Is your address right?", "Three parcels in a hundred come back. It takes a moment.", "/account/address"
            ),
        ),
        more={"reach": "first", "priority": 30},
    ),
)
