"""Commands on keys, whatever they hold. When they expire is in `expiry`, sorting in `sorting`."""

from __future__ import annotations

from asyncio import Future
from typing import Generic, Literal, TypeAlias, TypeVar

from respool._client.families.arguments import PeriodT, flag, flags, milliseconds, option
from respool._client.families.family import Family
from respool._client.replies.basic import scanned, succeeded, text, text_or_none, undecoded_or_none
from respool._client.replies.keys import migrated
from respool._wire.values import KeyT, StringT

T = TypeVar("T")

KeyType: TypeAlias = Literal["string", "list", "set", "zset", "hash", "stream", "vectorset"]


class KeyCommands(Family[T], Generic[T]):
    """Commands on keys."""

    def copy(
        self, source: KeyT, destination: KeyT, *, destination_db: int | None = None, replace: bool = False
    ) -> Future[bool]:
        """Copy a value; False where there is none, or one at `destination` that is not to be replaced.

        https://redis.io/docs/latest/commands/copy/
        """
        args = (b"COPY", source, destination, *option(b"DB", destination_db), *flag(b"REPLACE", replace))
        return self._run(args, bool)

    def delete(self, *keys: KeyT) -> Future[int]:
        """Delete keys; return how many there were. https://redis.io/docs/latest/commands/del/"""
        return self._run((b"DEL", *keys))

    def dump(self, key: KeyT) -> Future[bytes | None]:
        """Return a value in a form that `restore` takes, None for no key. https://redis.io/docs/latest/commands/dump/"""
        return self._run((b"DUMP", key), undecoded_or_none)

    def exists(self, *keys: KeyT) -> Future[int]:
        """Return how many of the keys exist. https://redis.io/docs/latest/commands/exists/"""
        return self._run((b"EXISTS", *keys))

    def keys(self, pattern: StringT = "*") -> Future[list[T]]:
        """Return all keys that match. Holds the server up while it looks: better `scan`.

        https://redis.io/docs/latest/commands/keys/
        """
        return self._run((b"KEYS", pattern))

    def migrate(
        self,
        host: str,
        port: int,
        *keys: KeyT,
        destination_db: int,
        timeout: PeriodT,
        copy: bool = False,
        replace: bool = False,
        username: str | None = None,
        password: str | None = None,
    ) -> Future[bool]:
        """Move keys to another server; False where there was none of them. `timeout` is in milliseconds.

        https://redis.io/docs/latest/commands/migrate/
        """
        credentials = (
            option(b"AUTH", password)
            if username is None or password is None
            else (b"AUTH2", username, password)
        )
        options = (*flags(copy=copy, replace=replace), *credentials, b"KEYS", *keys)
        args = (b"MIGRATE", host, port, b"", destination_db, milliseconds(timeout), *options)
        return self._run(args, migrated)

    def move(self, key: KeyT, db: int) -> Future[bool]:
        """Move a key to another database; False where there is none, or one there already.

        https://redis.io/docs/latest/commands/move/
        """
        return self._run((b"MOVE", key, db), bool)

    def object_encoding(self, key: KeyT) -> Future[str | None]:
        """Return how a value is stored, None for no key. https://redis.io/docs/latest/commands/object-encoding/"""
        return self._run((b"OBJECT", b"ENCODING", key), text_or_none)

    def object_freq(self, key: KeyT) -> Future[int | None]:
        """Return how often a key is used, where the server evicts by that.

        https://redis.io/docs/latest/commands/object-freq/
        """
        return self._run((b"OBJECT", b"FREQ", key))

    def object_idletime(self, key: KeyT) -> Future[int | None]:
        """Return for how many seconds a key was not used. https://redis.io/docs/latest/commands/object-idletime/"""
        return self._run((b"OBJECT", b"IDLETIME", key))

    def object_refcount(self, key: KeyT) -> Future[int | None]:
        """Return how many references a value has. https://redis.io/docs/latest/commands/object-refcount/"""
        return self._run((b"OBJECT", b"REFCOUNT", key))

    def randomkey(self) -> Future[T | None]:
        """Return a key by chance, None where there is none. https://redis.io/docs/latest/commands/randomkey/"""
        return self._run((b"RANDOMKEY",))

    def rename(self, source: KeyT, destination: KeyT) -> Future[bool]:
        """Rename a key, over another one if need be. https://redis.io/docs/latest/commands/rename/"""
        return self._run((b"RENAME", source, destination), succeeded)

    def renamenx(self, source: KeyT, destination: KeyT) -> Future[bool]:
        """Rename a key; False where `destination` exists. https://redis.io/docs/latest/commands/renamenx/"""
        return self._run((b"RENAMENX", source, destination), bool)

    def restore(
        self,
        key: KeyT,
        ttl: PeriodT,
        value: bytes,
        *,
        replace: bool = False,
        absttl: bool = False,
        idletime: int | None = None,
        frequency: int | None = None,
    ) -> Future[bool]:
        """Set a key to what `dump` returned. `ttl` in milliseconds, 0 for ever; Unix time with `absttl`.

        `idletime` in seconds. https://redis.io/docs/latest/commands/restore/
        """
        args = (
            b"RESTORE",
            key,
            milliseconds(ttl),
            value,
            *flags(replace=replace, absttl=absttl),
            *option(b"IDLETIME", idletime),
            *option(b"FREQ", frequency),
        )
        return self._run(args, succeeded)

    def scan(
        self,
        cursor: int = 0,
        *,
        match: StringT | None = None,
        count: int | None = None,
        type: KeyType | None = None,
    ) -> Future[tuple[int, list[T]]]:
        """Return the next cursor, 0 at the end, and some keys. `count` is how many the server should look at.

        https://redis.io/docs/latest/commands/scan/
        """
        options = (*option(b"MATCH", match), *option(b"COUNT", count), *option(b"TYPE", type))
        return self._run((b"SCAN", cursor, *options), scanned)

    def touch(self, *keys: KeyT) -> Future[int]:
        """Count keys as used now; return how many there are. https://redis.io/docs/latest/commands/touch/"""
        return self._run((b"TOUCH", *keys))

    def type(self, key: KeyT) -> Future[str]:
        """Return the name of a value's type, "none" for no key. https://redis.io/docs/latest/commands/type/"""
        return self._run((b"TYPE", key), text)

    def unlink(self, *keys: KeyT) -> Future[int]:
        """Delete keys and free their memory later; return how many. https://redis.io/docs/latest/commands/unlink/"""
        return self._run((b"UNLINK", *keys))
