"""The JSON parser of the API: what is unsafe is a 400 with a sentence."""

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from audiences.json_guard import LARGEST, UnsafeJson, read_json


class GuardedJSONParser(JSONParser):
    """Reads at most 1 MB, and refuses depth, NUL, lone surrogates, NaN, huge numbers and doubled names."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            return read_json(stream.read(LARGEST + 1))
        except UnsafeJson as error:
            raise ParseError(str(error)) from error
        except OSError as error:
            # The caller hung up in the middle of the body.
            raise ParseError("The body ended too early.") from error
