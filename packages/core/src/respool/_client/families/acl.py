"""Commands on users and what they may do."""

from __future__ import annotations

from asyncio import Future
from typing import Generic, TypeVar

from respool._client.families.arguments import optional
from respool._client.families.family import Family
from respool._client.replies.acl import AclLogEntry, AclUser, acl_log, acl_user, dry_run
from respool._client.replies.basic import succeeded, text, texts
from respool._wire.values import ValueT

T = TypeVar("T")


class AclCommands(Family[T], Generic[T]):
    """Commands on users. What they answer is str: these are words of the server."""

    def acl_cat(self, category: str | None = None) -> Future[list[str]]:
        """Return the categories of commands, or the commands of one. https://redis.io/docs/latest/commands/acl-cat/"""
        return self._run((b"ACL", b"CAT", *optional(category)), texts)

    def acl_deluser(self, *usernames: str) -> Future[int]:
        """Delete users; return how many. https://redis.io/docs/latest/commands/acl-deluser/"""
        return self._run((b"ACL", b"DELUSER", *usernames))

    def acl_dryrun(self, username: str, command: str, *args: ValueT) -> Future[str | None]:
        """Tell why a user may not run a command; None where he may. https://redis.io/docs/latest/commands/acl-dryrun/"""
        return self._run((b"ACL", b"DRYRUN", username, command, *args), dry_run)

    def acl_genpass(self, bits: int = 256) -> Future[str]:
        """Return a password by chance, in hexadecimal. https://redis.io/docs/latest/commands/acl-genpass/"""
        return self._run((b"ACL", b"GENPASS", bits), text)

    def acl_getuser(self, username: str) -> Future[AclUser | None]:
        """Return a user, None for none. https://redis.io/docs/latest/commands/acl-getuser/"""
        return self._run((b"ACL", b"GETUSER", username), acl_user)

    def acl_list(self) -> Future[list[str]]:
        """Return all users, each as a line of rules. https://redis.io/docs/latest/commands/acl-list/"""
        return self._run((b"ACL", b"LIST"), texts)

    def acl_load(self) -> Future[bool]:
        """Read the users from the server's file again. https://redis.io/docs/latest/commands/acl-load/"""
        return self._run((b"ACL", b"LOAD"), succeeded)

    def acl_log(self, count: int | None = None) -> Future[list[AclLogEntry]]:
        """Return what users were denied, the latest first. https://redis.io/docs/latest/commands/acl-log/"""
        return self._run((b"ACL", b"LOG", *optional(count)), acl_log)

    def acl_log_reset(self) -> Future[bool]:
        """Forget what users were denied. https://redis.io/docs/latest/commands/acl-log/"""
        return self._run((b"ACL", b"LOG", b"RESET"), succeeded)

    def acl_save(self) -> Future[bool]:
        """Write the users to the server's file. https://redis.io/docs/latest/commands/acl-save/"""
        return self._run((b"ACL", b"SAVE"), succeeded)

    def acl_setuser(self, username: str, *rules: str) -> Future[bool]:
        """Make or change a user by rules: `acl_setuser("ann", "on", ">secret", "~cache:*", "+@read")`.

        https://redis.io/docs/latest/commands/acl-setuser/
        """
        return self._run((b"ACL", b"SETUSER", username, *rules), succeeded)

    def acl_users(self) -> Future[list[str]]:
        """Return the names of all users. https://redis.io/docs/latest/commands/acl-users/"""
        return self._run((b"ACL", b"USERS"), texts)

    def acl_whoami(self) -> Future[str]:
        """Return which user the shared connection is. https://redis.io/docs/latest/commands/acl-whoami/"""
        return self._run((b"ACL", b"WHOAMI"), text)
