"""An outbox: mail kept as files in a folder, or in memory, where it goes to nobody else."""

import os
import re
import tempfile
from collections.abc import Generator, Iterable, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import ClassVar

from deliveries.channels.base import MayLeave, Outcome, Verdict
from deliveries.channels.in_turn import in_turn
from deliveries.channels.smtp import Envelope


class Outbox:
    """One `.eml` file a message, named `<moment>-<message id>.eml`, so that a listing by name is one by time."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def send(self, envelopes: Iterable[Envelope], may_leave: MayLeave) -> Generator[Outcome, None, None]:
        return in_turn(envelopes, may_leave, self._deliver)

    def _deliver(self, envelope: Envelope) -> Outcome:
        try:
            self._write(f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{safe_name(_message_id(envelope))}.eml", envelope.data)
        except OSError as error:
            # No file of that name was left behind: the rename is the last step.
            evidence = {"phase": "outbox", "text": f"{type(error).__name__}: {error.strerror}"}
            return Outcome(envelope.delivery_id, Verdict.DEFERRED, evidence, slow_down=True)
        return Outcome(envelope.delivery_id, Verdict.ACCEPTED, {"phase": "outbox", "text": "written"})

    def close(self) -> None:
        """Nothing is held open."""

    def forget(self, message_ids: Sequence[str]) -> None:
        """Delete the files of these messages: one look through the folder, however many they are."""
        endings = tuple(f"-{safe_name(message_id)}.eml" for message_id in message_ids)
        for path in self.folder.glob("*.eml") if endings else ():
            if path.name.endswith(endings):
                path.unlink(missing_ok=True)

    def _write(self, name: str, data: bytes) -> None:
        """Write beside, then rename: a reader never sees half a message."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(beside).replace(self.folder / name)
        except OSError:
            Path(beside).unlink(missing_ok=True)
            raise


class MemoryOutbox:
    """For tests: what was handed in, newest last."""

    messages: ClassVar[list[Envelope]] = []

    def send(self, envelopes: Iterable[Envelope], may_leave: MayLeave) -> Generator[Outcome, None, None]:
        return in_turn(envelopes, may_leave, self._deliver)

    def _deliver(self, envelope: Envelope) -> Outcome:
        self.messages.append(envelope)
        return Outcome(envelope.delivery_id, Verdict.ACCEPTED, {"phase": "memory"})

    def close(self) -> None:
        """Nothing is held open."""


def safe_name(message_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9.@_]", "_", message_id)[:120]


def _message_id(envelope: Envelope) -> str:
    head = envelope.data.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n"
    return str(message_from_bytes(head, policy=SMTP)["Message-ID"] or envelope.delivery_id).strip("<> ")
