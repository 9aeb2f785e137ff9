"""A process that does as it is told on standard input and says when it is done: the other end of `processes.Hand`."""

import sys
from collections.abc import Callable, Mapping


def obey(commands: Mapping[str, Callable[..., object]]) -> None:
    """Until the input ends. Arguments are whole numbers."""
    _say("ready")
    for line in sys.stdin:
        name, *arguments = line.split()
        commands[name](*map(int, arguments))
        _say("done")


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()
