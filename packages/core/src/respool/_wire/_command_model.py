"""What can be said of one command, as a server says it. Shapes only: no facts, no questions.

The words are those of the COMMAND reply: flags, key specifications
(https://redis.io/docs/latest/develop/reference/key-specs/) and tips
(https://redis.io/docs/latest/develop/reference/command-tips/). Named tuples and not dataclasses, because
these are read by every process that imports respool, and a dataclass takes longer to make than all the facts.
"""

from __future__ import annotations

from enum import Enum

from respool._wire.tuples import NamedTuple


class CommandFlag(frozenset[str]):
    """Flags of a command, named as the server names them: `CommandFlag.WRITE in command.flags`.

    A set of words and no `enum.Flag`: to make one of twenty takes longer than to import three modules.
    """

    WRITE = "write"
    READONLY = "readonly"
    DENYOOM = "denyoom"
    ADMIN = "admin"
    PUBSUB = "pubsub"
    NOSCRIPT = "noscript"
    BLOCKING = "blocking"
    LOADING = "loading"
    STALE = "stale"
    SKIP_MONITOR = "skip_monitor"
    SKIP_SLOWLOG = "skip_slowlog"
    SKIP_COMMANDLOG = "skip_commandlog"
    ASKING = "asking"
    FAST = "fast"
    NO_AUTH = "no_auth"
    NO_MULTI = "no_multi"
    MOVABLEKEYS = "movablekeys"
    ALLOW_BUSY = "allow_busy"
    NO_ASYNC_LOADING = "no_async_loading"
    NO_MANDATORY_KEYS = "no_mandatory_keys"


class RequestPolicy(Enum):
    """To which nodes of a cluster a command goes where its keys do not say so."""

    ALL_NODES = "all_nodes"
    ALL_SHARDS = "all_shards"
    MULTI_SHARD = "multi_shard"
    SPECIAL = "special"


class ResponsePolicy(Enum):
    """How the replies of several nodes become one."""

    ONE_SUCCEEDED = "one_succeeded"
    ALL_SUCCEEDED = "all_succeeded"
    AGG_LOGICAL_AND = "agg_logical_and"
    AGG_LOGICAL_OR = "agg_logical_or"
    AGG_MIN = "agg_min"
    AGG_MAX = "agg_max"
    AGG_SUM = "agg_sum"
    SPECIAL = "special"


class KeySpec(NamedTuple):
    """Where keys stand among the words of a command; the name is word 0.

    The search begins at word `start`, or behind `keyword`, looked for from `start` on (a negative `start`
    counts from the end and looks backwards). The keys are then every `step`-th word as far as `last`: counted
    from the first key, or from the last word if negative. `limit` 2 is the first half of what remains. Where
    the keys are `counted`, their number stands first. A `channel` decides the slot as a key does.
    """

    start: int
    keyword: str = ""
    last: int = 0
    step: int = 1
    limit: int = 0
    counted: bool = False
    channel: bool = False


class Command(NamedTuple):
    """One command or subcommand: `name` in upper case, with a space before the subcommand."""

    name: str
    arity: int
    """Number of words with the name; negative: at least so many."""
    flags: CommandFlag
    key_specs: tuple[KeySpec, ...] = ()
    request_policy: RequestPolicy | None = None
    response_policy: ResponsePolicy | None = None
    nondeterministic_output: bool = False
    nondeterministic_output_order: bool = False
