"""What every channel promises. A channel's own tests inherit this and say how to make one and look at its sink."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deliveries.channels.base import Channel, Outcome, Outgoing, Verdict

SURPRISING_TEXTS = [
    "Grüße, 你好, مرحبا, 🎉",
    "x" * 3000,
    ".\r\n..\n.",
    "lines\rof\r\nevery\nkind",
    "<b>&amp;</b> {{ braces }}",
    "NUL \x00 and \x07",
]


class ChannelContract:
    """Subclasses give `open_channel` and `received`, and may name an address that is refused."""

    def open_channel(self) -> Channel:
        raise NotImplementedError

    def received(self) -> list[str]:
        """The subjects or titles that came out at the other side, oldest first."""
        raise NotImplementedError

    def outgoing(self, number: int = 1, **fields: str) -> Outgoing:
        values = {
            "subject": f"Subject {number}",
            "text": "Text",
            "html": "<p>Text</p>",
            "title": f"Subject {number}",
            "body": "Text",
            "link": "https://example.com/",
            **fields,
        }
        return Outgoing(
            delivery_id=number,
            message_id=f"{number}.0123456789abcdef",
            customer_id=number,
            external_id=f"c{number}",
            address=values.pop("address", f"c{number}@example.com"),
            **values,  # type: ignore[arg-type]
        )

    @contextmanager
    def channel(self) -> Iterator[Channel]:
        channel = self.open_channel()
        try:
            yield channel
        finally:
            channel.close()

    def send(self, *batch: Outgoing) -> list[Outcome]:
        with self.channel() as channel:
            return list(channel.send(batch))

    def test_there_is_one_outcome_per_message_in_order(self) -> None:
        outcomes = self.send(*(self.outgoing(number) for number in (3, 1, 2)))
        assert [outcome.delivery_id for outcome in outcomes] == [3, 1, 2]
        assert {outcome.verdict for outcome in outcomes} == {Verdict.ACCEPTED}
        assert self.received() == ["Subject 3", "Subject 1", "Subject 2"]

    def test_an_empty_batch_opens_nothing_and_says_nothing(self) -> None:
        assert self.send() == []

    def test_what_is_not_asked_for_does_not_leave(self) -> None:
        with self.channel() as channel:
            answers = channel.send([self.outgoing(1), self.outgoing(2)])
            next(answers)
            answers.close()  # type: ignore[attr-defined]
        assert self.received() == ["Subject 1"]

    @pytest.mark.parametrize("text", SURPRISING_TEXTS)
    def test_no_text_raises_and_none_is_dropped_silently(self, text: str) -> None:
        fields = ("subject", "text", "html", "title", "body")
        awkward = self.outgoing(1, **dict.fromkeys(fields, text))
        outcomes = self.send(awkward, self.outgoing(2))
        assert outcomes[1].verdict is Verdict.ACCEPTED
        assert outcomes[0].verdict is Verdict.ACCEPTED or outcomes[0].evidence
        taken = [outcome for outcome in outcomes if outcome.verdict is Verdict.ACCEPTED]
        assert len(self.received()) == len(taken)

    def test_a_lone_surrogate_ends_its_own_message_at_most(self) -> None:
        fields = ("subject", "text", "html", "title", "body")
        outcomes = self.send(self.outgoing(1, **dict.fromkeys(fields, "half \ud83c")), self.outgoing(2))
        assert [outcome.delivery_id for outcome in outcomes] == [1, 2]
        assert outcomes[1].verdict is Verdict.ACCEPTED

    def test_no_text_becomes_a_header(self) -> None:
        injected = "Hello\r\nBcc: eve@example.com\r\n\r\nbody"
        outcomes = self.send(self.outgoing(1, subject=injected, title=injected))
        assert len(self.received()) == sum(outcome.verdict is Verdict.ACCEPTED for outcome in outcomes)
        self.check_nobody_else_got_it()

    def check_nobody_else_got_it(self) -> None:
        """Channels with headers look whether one was smuggled in."""

    def test_a_required_field_that_is_empty_is_refused_aloud(self) -> None:
        with self.channel() as channel:
            for name in channel.required_fields:
                outcome = next(iter(channel.send([self.outgoing(1, **{name: ""})])))
                assert (outcome.verdict, bool(outcome.evidence["text"])) == (Verdict.REJECTED, True)

    def test_closing_twice_is_fine_and_so_is_closing_before_the_first_message(self) -> None:
        channel = self.open_channel()
        channel.close()
        channel.close()

    def test_evidence_can_be_written_down(self) -> None:
        import json

        for outcome in self.send(self.outgoing()):
            json.dumps(dict(outcome.evidence))

    def test_it_says_what_customers_call_it(self) -> None:
        assert self.open_channel().label
