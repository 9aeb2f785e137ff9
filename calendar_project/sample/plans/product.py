"""What the Product team of the sample plans: what is new in the shop and its app."""

from datetime import timedelta

from calendar_project.sample.letters import letter, note
from calendar_project.sample.sketches import Sketch

PRODUCT = (
    Sketch(
        name="Thursday: new in the app",
        team="product",
        owner="mara",
        topic="news",
        include=("recent", "club"),
        becomes="running",
        goal="opened_app",
        weekly="TH",
        hour="11:00",
        messages=(
            note(
                "New this week: lists that two people share",
                "Make a list, invite somebody, fill it together. Under “Lists”, at the top.",
                "/app/lists",
            ),
        ),
        more={"goal_within": timedelta(days=7), "priority": 30, "reentry_days": 0},
    ),
    Sketch(
        name="The new player",
        team="product",
        owner="chidi",
        topic="news",
        include=("customers",),
        becomes="running",
        goal="opened_app",
        workday=-4,
        hour="10:00",
        messages=(
            letter(
                "The new player is here",
                "Hello {{ customer.attributes.first_name }},",
                "it starts twice as fast, keeps playing in a tunnel, and shows the back of the sleeve when you "
                "turn your "
                "phone. Nothing to install: it is there when you open the app.",
                button=("Try it", "/app/player"),
            ),
            note("The new player is here", "Turn your phone to see the back of the sleeve.", "/app/player"),
        ),
        more={"reach": "first", "goal_within": timedelta(days=7), "priority": 50},
    ),
    Sketch(
        name="Beta: search by sleeve",
        team="product",
        owner="mara",
        topic="news",
        include=("beta",),
        becomes="approved",
        goal="opened_app",
        workday=1,
        hour="11:30",
        messages=(
            note(
                "Beta: find a record by its sleeve",
                "Point the camera at a sleeve. It is right four times in five so far; tell us about the fifth.",
                "/app/beta/sleeves",
            ),
            letter(
                "For beta testers: search by sleeve",
                "Hello {{ customer.attributes.first_name }},",
                "point your camera at a sleeve, and the app tells you what it is, what it costs and whether "
                "you have it "
                "already. It is right four times in five. We would like to hear about the fifth.",
                button=("Try it first", "/app/beta/sleeves"),
            ),
        ),
        more={"reach": "first", "goal_within": timedelta(days=7), "priority": 60},
    ),
    Sketch(
        name="What would you like next?",
        team="product",
        owner="mara",
        topic="news",
        include=("regulars", "beta"),
        becomes="draft",
        goal="answered_survey",
        workday=2,
        hour="15:00",
        messages=(
            letter(
                "You play more than most: what is missing?",
                "Hello {{ customer.attributes.first_name }},",
                "four ideas, one vote. The one that wins is built next, and you will see it first.",
                button=("Vote", "/vote"),
            ),
        ),
        more={"goal_within": timedelta(days=7), "priority": 40},
    ),
    Sketch(
        name="Our terms change",
        team="product",
        owner="chidi",
        topic="billing",
        include=("customers",),
        becomes="running",
        goal="",
        workday=-1,
        hour="13:00",
        messages=(
            letter(
                "Our terms change on the first of next month",
                "Dear {{ customer.name }},",
                "two things change: returns are free for sixty days instead of thirty, and the club may be "
                "paused at any time. "
                "Nothing else does, and you need not do anything.",
                button=("Read both versions side by side", "/terms"),
            ),
        ),
        more={
            "transactional": True,
            "priority": 95,
            "hypothesis": "Everybody must be told of changed terms, whatever else they get.",
        },
    ),
    Sketch(
        name="Vinyl fair: meet us in Berlin",
        team="product",
        owner="mara",
        topic="news",
        include=("german-speaking",),
        becomes="cancelled",
        goal="booked_ticket",
        workday=2,
        hour="12:30",
        messages=(
            letter(
                "Meet us at the vinyl fair",
                "Hello {{ customer.attributes.first_name }},",
                "we are in hall four on Saturday and Sunday, with the crates that never make it to the web.",
                button=("Get a ticket", "/fair"),
            ),
        ),
        more={"priority": 30},
    ),
    Sketch(
        name="The club’s price from January",
        team="product",
        owner="chidi",
        topic="billing",
        include=("club",),
        becomes="approved",
        goal="renewed_club",
        milestone="Renewed the club",
        workday=3,
        hour="16:00",
        messages=(
            letter(
                "The club costs two dollars more from January",
                "Hello {{ customer.attributes.first_name }},",
                "the club will be $26 a year. Whoever renews before the end of December keeps the old price for "
                "another year.",
                button=("Renew at $24", "/club/renew"),
            ),
        ),
        # Not a word to anybody else before it is decided.
        more={"is_private": True, "goal_within": timedelta(days=30), "priority": 70},
    ),
    Sketch(
        name="Template: something new in the app",
        team="product",
        owner="chidi",
        topic="news",
        include=("recent",),
        becomes="draft",
        goal="opened_app",
        messages=(
            note("New: what it is, in five words", "What they can do now, in one sentence. Where it is.", "/app"),
        ),
        more={"is_template": True, "goal_within": timedelta(days=7)},
    ),
)
