"""The ways in which a campaign or a send refuses to be changed; the text of each is a sentence for people."""

from collections.abc import Sequence


class Refusal(Exception):
    """The base of every refusal: `str(refusal)` may be shown as it is."""


class NotAllowed(Refusal):
    """The person has not the role, or the thing cannot be changed at all."""


class StaleChange(Refusal):
    """Somebody else, or the clock, was quicker: what the caller looked at is no longer so."""


class PreflightFailed(Refusal):
    """Approval cannot be asked for; `sentences` says everything that stands in the way."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.sentences = list(sentences)
        super().__init__(" ".join(self.sentences))
