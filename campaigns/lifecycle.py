"""Which way a campaign may move; the drawing is beside `Campaign.Status`."""

# What the history calls a pause that nobody asked for.
PAUSED_ITSELF = "pause itself"

# action: (from, to)
MOVES: dict[str, tuple[frozenset[str], str]] = {
    "ask": (frozenset({"draft"}), "in_review"),
    "decline": (frozenset({"in_review"}), "draft"),
    "approve": (frozenset({"in_review"}), "approved"),
    "start": (frozenset({"approved"}), "running"),
    "pause": (frozenset({"running", "approved"}), "paused"),
    PAUSED_ITSELF: (frozenset({"running", "approved"}), "paused"),
    "resume": (frozenset({"paused"}), "running"),
    "finish": (frozenset({"running", "approved"}), "done"),
    "cancel": (frozenset({"draft", "in_review", "approved", "running", "paused"}), "cancelled"),
    # An edit of anything that was submitted or approved voids it.
    "edit": (frozenset({"in_review", "approved", "running", "paused"}), "draft"),
}


def may(action: str, status: str) -> bool:
    return status in MOVES[action][0]


def target(action: str) -> str:
    return MOVES[action][1]
