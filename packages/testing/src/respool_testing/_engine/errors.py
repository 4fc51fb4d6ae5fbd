"""How a command refuses: by raising the reply that the server would say, word for word."""

from __future__ import annotations

from respool_testing.replies import Error


class CommandError(Exception):
    """Ends a command with an error reply."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.reply = Error.of(text)


def syntax_error() -> CommandError:
    """Say that the options of a command make no sense."""
    return CommandError("ERR syntax error")


def not_an_integer() -> CommandError:
    """Say that an argument, or a stored value, is not a 64-bit integer."""
    return CommandError("ERR value is not an integer or out of range")


def wrong_type() -> CommandError:
    """Say that the key holds a value of another type."""
    return CommandError("WRONGTYPE Operation against a key holding the wrong kind of value")
