"""What a connection needs to know, checked once and passed whole."""

from __future__ import annotations

import codecs
from math import inf

from respool._wire.handshake import Introduction
from respool._wire.tuples import NamedTuple
from respool.errors import DataError

DEFAULT_STREAM_TIMEOUT = 5.0
"""Seconds a request may take where nobody said otherwise. `math.inf` turns it off."""

DEFAULT_CONNECT_TIMEOUT = 5.0
"""Seconds that name resolution, socket, TLS and handshake may take together, where nobody said otherwise."""


class Settings(NamedTuple):
    """Everything about a connection but where it leads. Times are in seconds."""

    stream_timeout: float = DEFAULT_STREAM_TIMEOUT
    connect_timeout: float = DEFAULT_CONNECT_TIMEOUT
    encoding: str = "utf-8"
    decode_responses: bool = False
    introduction: Introduction = Introduction()

    @classmethod
    def of(
        cls,
        stream_timeout: float | None,
        connect_timeout: float | None,
        encoding: str,
        decode_responses: bool,
        introduction: Introduction,
    ) -> Settings:
        """Make settings from what the caller gave: None means the default. Raises `DataError` for what is none."""
        settings = cls(
            DEFAULT_STREAM_TIMEOUT if stream_timeout is None else stream_timeout,
            DEFAULT_CONNECT_TIMEOUT if connect_timeout is None else connect_timeout,
            encoding,
            decode_responses,
            introduction,
        )
        check_encoding(encoding)
        check_seconds("stream_timeout", settings.stream_timeout)
        check_seconds("connect_timeout", settings.connect_timeout)
        if introduction.protocol_version not in (2, 3):
            raise DataError(f"protocol_version is 2 or 3, not {introduction.protocol_version!r}")
        return settings


def check_encoding(encoding: str) -> None:
    """Raise `DataError` for a codec that Python does not have."""
    try:
        codecs.lookup(encoding)
    except LookupError as exc:
        raise DataError(f"unknown encoding {encoding!r}") from exc


def check_seconds(name: str, seconds: object) -> None:
    """Raise `DataError` for what is not a time to wait."""
    if not (isinstance(seconds, (int, float)) and 0 <= seconds <= inf):
        raise DataError(f"{name} is a number of seconds, not {seconds!r}")
