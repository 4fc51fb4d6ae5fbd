"""The options of a TCP socket: which ones, from what the caller said, and setting them. Opens no connection.

They are tried out on a socket of no use before any connection is made, so that a bad one is told where it was given.
"""

from __future__ import annotations

import math
import socket
from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol, TypeAlias

from respool._connection.settings import check_seconds
from respool.errors import DataError

Option: TypeAlias = tuple[int, int, "int | bytes"]
"""Level, number and value, as `setsockopt` takes them."""

KEEPALIVE_IDLE_SECONDS = 15
KEEPALIVE_INTERVAL_SECONDS = 5
KEEPALIVE_COUNT = 3

SILENCE_SECONDS = KEEPALIVE_IDLE_SECONDS + KEEPALIVE_INTERVAL_SECONDS * KEEPALIVE_COUNT
"""How long a machine that is gone may go unnoticed on a connection where no deadline would tell."""

_LONGEST_MILLISECONDS = 2**31 - 1


class Settable(Protocol):
    """What of a socket is needed here; an event loop may offer no more."""

    def setsockopt(self, level: int, option: int, value: int | bytes, /) -> None: ...


def keepalive_options(wanted: bool | None, given: Mapping[int, int | bytes] | None) -> tuple[Option, ...]:
    """List the options that keep a silent connection alive, or none if `wanted` is False.

    What is `given` (numbers of options of TCP and their values) goes before our own choice.
    """
    if wanted is False:
        return ()
    chosen: dict[int, int | bytes] = {
        getattr(socket, name): value
        for name, value in (
            ("TCP_KEEPIDLE" if hasattr(socket, "TCP_KEEPIDLE") else "TCP_KEEPALIVE", KEEPALIVE_IDLE_SECONDS),
            ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL_SECONDS),
            ("TCP_KEEPCNT", KEEPALIVE_COUNT),
        )
        if hasattr(socket, name)
    }
    if not isinstance(given, (Mapping, type(None))):
        raise DataError(
            f"socket_keepalive_options maps numbers of options to values, and is no {type(given).__name__}"
        )
    chosen.update(given or {})
    timing = ((socket.IPPROTO_TCP, number, value) for number, value in chosen.items())
    return ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), *timing)


def user_timeout_options(seconds: float | None, stream_timeout: float) -> tuple[Option, ...]:
    """List the option that bounds how long sent data may stay unacknowledged (RFC 5482), where the system has it.

    None means the longer of `stream_timeout` and what keepalive takes: a request that may wait is not cut off by it,
    and a lost packet or two are no reason. `math.inf` leaves it to the system.
    """
    if seconds is None:
        seconds = max(stream_timeout, SILENCE_SECONDS)
    check_seconds("tcp_user_timeout", seconds)
    if seconds == 0:
        raise DataError("tcp_user_timeout is above 0; math.inf leaves it to the system")
    if seconds == math.inf or not hasattr(socket, "TCP_USER_TIMEOUT"):
        return ()
    milliseconds = min(math.ceil(seconds * 1000), _LONGEST_MILLISECONDS)
    return ((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds),)


def check_options(options: tuple[Option, ...]) -> None:
    """Raise `DataError` for an option that this system does not take."""
    try:
        _try_out(options)
    except TypeError as exc:  # not even what an option can be
        raise DataError(f"socket_keepalive_options maps numbers to numbers or bytes: {exc}") from exc


@lru_cache(maxsize=64)
def _try_out(options: tuple[Option, ...]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as nowhere:
        for level, number, value in options:
            try:
                nowhere.setsockopt(level, number, value)
            except (OSError, OverflowError) as exc:
                raise DataError(
                    f"this system does not take socket option {number} as {value!r}: {exc}"
                ) from exc


def set_options(sock: Settable, options: tuple[Option, ...]) -> None:
    """Set `options`, and have small writes sent at once. Raises `OSError` where the socket is gone already."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for level, number, value in options:
        sock.setsockopt(level, number, value)
