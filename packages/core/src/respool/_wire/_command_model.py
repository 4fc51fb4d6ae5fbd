"""What can be said of one command, as a server says it. Shapes only: no facts, no questions.

The words are those of the COMMAND reply: flags, key specifications
(https://redis.io/docs/latest/develop/reference/key-specs/) and tips
(https://redis.io/docs/latest/develop/reference/command-tips/). Named tuples and not dataclasses, because
these are read by every process that imports respool, and a dataclass takes longer to make than all the facts.
"""

from __future__ import annotations

from enum import Enum, Flag, auto

from respool._wire.tuples import NamedTuple


class CommandFlag(Flag):
    """Flags of a command, named as the server names them."""

    WRITE = auto()
    READONLY = auto()
    DENYOOM = auto()
    ADMIN = auto()
    PUBSUB = auto()
    NOSCRIPT = auto()
    BLOCKING = auto()
    LOADING = auto()
    STALE = auto()
    SKIP_MONITOR = auto()
    SKIP_SLOWLOG = auto()
    SKIP_COMMANDLOG = auto()
    ASKING = auto()
    FAST = auto()
    NO_AUTH = auto()
    NO_MULTI = auto()
    MOVABLEKEYS = auto()
    ALLOW_BUSY = auto()
    NO_ASYNC_LOADING = auto()
    NO_MANDATORY_KEYS = auto()


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
