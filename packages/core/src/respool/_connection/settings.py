"""What a connection needs to know, checked once and passed whole."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from functools import cache
from math import inf

from respool._wire.handshake import Introduction
from respool.errors import DataError

DEFAULT_STREAM_TIMEOUT = 5.0
"""Seconds a request may take where nobody said otherwise. `math.inf` turns it off."""

DEFAULT_CONNECT_TIMEOUT = 5.0
"""Seconds that name resolution, socket, TLS and handshake may take together, where nobody said otherwise."""


@dataclass(frozen=True)
class Settings:
    """Everything about a connection but where it leads. Times are in seconds."""

    stream_timeout: float = DEFAULT_STREAM_TIMEOUT
    connect_timeout: float = DEFAULT_CONNECT_TIMEOUT
    encoding: str = "utf-8"
    decode_responses: bool = False
    introduction: Introduction = field(default_factory=Introduction)

    @classmethod
    def of(
        cls,
        stream_timeout: float | None,
        connect_timeout: float | None,
        encoding: str,
        decode_responses: bool,
        introduction: Introduction,
    ) -> Settings:
        """Make settings from what the caller gave: None means the default."""
        return cls(
            DEFAULT_STREAM_TIMEOUT if stream_timeout is None else stream_timeout,
            DEFAULT_CONNECT_TIMEOUT if connect_timeout is None else connect_timeout,
            encoding,
            decode_responses,
            introduction,
        )

    def __post_init__(self) -> None:
        check_encoding(self.encoding)
        check_seconds("stream_timeout", self.stream_timeout)
        check_seconds("connect_timeout", self.connect_timeout)
        if self.introduction.protocol_version not in (2, 3):
            raise DataError(f"protocol_version is 2 or 3, not {self.introduction.protocol_version!r}")


@cache
def own_version() -> str:
    """Return the version of this distribution; looked up once, at the first connect, for it takes milliseconds."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("respool")
    except PackageNotFoundError:  # run from a copy of the sources
        return ""


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
