"""What is kept out of the logs: a token in an address opens an inbox, a preference page or a feed to its reader."""

import logging
import re

# One part of a path, too long for a word or a number.
TOKEN = re.compile(r"(?<=/)[A-Za-z0-9_:.=~%-]{20,}")


class WithoutTokens(logging.Filter):
    """Django logs the path of every request that it refuses or that fails."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = TOKEN.sub("…", message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True
