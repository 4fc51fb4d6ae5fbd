"""What makes a TLS connection trustworthy: from keywords to a context. Opens no socket.

Everything is verified unless the caller says otherwise, and nothing that was asked to be encrypted is sent in plain.
"""

from __future__ import annotations

import os
from functools import lru_cache
from ssl import (
    CERT_NONE,
    CERT_OPTIONAL,
    CERT_REQUIRED,
    SSLContext,
    VerifyMode,
    create_default_context,
)
from typing import NoReturn, TypedDict

from respool._wire.tuples import NamedTuple
from respool.errors import DataError

CERT_REQS = {"none": CERT_NONE, "optional": CERT_OPTIONAL, "required": CERT_REQUIRED}


class TLSOptions(TypedDict, total=False):
    """The parts of TLS as keywords, instead of a whole `ssl_context`. None is as good as not given."""

    ssl: bool | None
    """True for TLS, False for none. Any other of these options asks for TLS as well."""
    ssl_certfile: str | os.PathLike[str] | None
    """Our own certificate (PEM), with its key in the same file or in `ssl_keyfile`."""
    ssl_keyfile: str | os.PathLike[str] | None
    ssl_password: str | None
    """What our key is encrypted with."""
    ssl_ca_certs: str | os.PathLike[str] | None
    """The authorities (PEM) that may vouch for the server; the system's where it is not given."""
    ssl_cert_reqs: str | VerifyMode | None
    """"required" (the default), "optional" or "none": whether the server's certificate is verified."""
    ssl_check_hostname: bool | None
    """Whether the certificate must be made out to the server's name. On wherever it is verified."""
    ssl_server_hostname: str | None
    """The server's name where it is not the host that is connected to (a tunnel, an address)."""


class TLS(NamedTuple):
    """A context, and the name to connect under if it is not the host's."""

    context: SSLContext
    server_name: str | None = None

    def name_of(self, host: str) -> str:
        """Return the name that the server's certificate must carry, as it stands there: without scope or final dot."""
        return self.server_name or host.partition("%")[0].removesuffix(".")


class _Parts(NamedTuple):
    certfile: str | None
    keyfile: str | None
    password: str | None
    ca_certs: str | None
    verify: VerifyMode
    check_hostname: bool

    def __repr__(self) -> str:
        return f"<TLS with the certificate {self.certfile!r}>"  # the password is nobody's business


def tls_of(context: SSLContext | None, options: TLSOptions) -> TLS | None:
    """Return what the caller asked for; None is a plain connection.

    Raises `DataError` for options that contradict each other, and for files that cannot be used.
    """
    wanted, name = options.get("ssl"), options.get("ssl_server_hostname")
    given = sorted(each for each, value in options.items() if each in _PARTS and value is not None)
    if context is not None and not isinstance(context, SSLContext):
        raise DataError(f"ssl_context is an ssl.SSLContext, not a {type(context).__name__}")
    if context is not None and given:
        raise DataError(f"ssl_context says it all already: leave out {', '.join(given)}, or the context")
    if not (wanted or name or given or context is not None):
        return None
    if wanted is False:
        raise DataError("ssl=False, but other options ask for TLS: leave out the one or the others")
    return TLS(context if context is not None else _context_of(_parts_of(options)), name)


_PARTS = TLSOptions.__optional_keys__ - {"ssl", "ssl_server_hostname"}


def _parts_of(options: TLSOptions) -> _Parts:
    verify = _verify_mode(options.get("ssl_cert_reqs"))
    check = options.get("ssl_check_hostname")
    if check and verify is CERT_NONE:
        raise DataError(
            "ssl_check_hostname looks at a verified certificate: it needs ssl_cert_reqs='required'"
        )
    certfile, keyfile = _path(options.get("ssl_certfile")), _path(options.get("ssl_keyfile"))
    if keyfile is not None and certfile is None:
        raise DataError("ssl_keyfile is the key of a certificate: give ssl_certfile, too")
    return _Parts(
        certfile=certfile,
        keyfile=keyfile,
        password=options.get("ssl_password"),
        ca_certs=_path(options.get("ssl_ca_certs")),
        verify=verify,
        check_hostname=verify is not CERT_NONE if check is None else check,
    )


def _verify_mode(given: str | VerifyMode | None) -> VerifyMode:
    if given is None:
        return CERT_REQUIRED
    found = CERT_REQS.get(given.lower()) if isinstance(given, str) else given
    if not isinstance(found, VerifyMode):
        raise DataError(f"ssl_cert_reqs is none, optional or required, not {given!r}")
    return found


def _path(given: str | os.PathLike[str] | None) -> str | None:
    return None if given is None else os.fspath(given)


def _context_of(parts: _Parts) -> SSLContext:
    """Return the context of these parts: one for all who ask, as long as the files stay what they are."""
    files = {"ssl_certfile": parts.certfile, "ssl_keyfile": parts.keyfile, "ssl_ca_certs": parts.ca_certs}
    return _make_context(parts, tuple(_stamp(name, path) for name, path in files.items() if path is not None))


def _stamp(name: str, path: str) -> tuple[int, int, int]:
    """What changes when a file does: certificates are renewed under the same name."""
    try:
        found = os.stat(path)  # noqa: PTH116 # pathlib takes longer to import than all of this package's TLS
    except OSError as exc:
        raise DataError(f"{name}={path!r}: {exc.strerror}") from exc
    return found.st_ino, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=32)  # making one takes milliseconds, and there is one for every pool, not every connection
def _make_context(parts: _Parts, _: tuple[tuple[int, int, int], ...]) -> SSLContext:
    try:
        context = create_default_context(cafile=parts.ca_certs)
    except OSError as exc:
        raise DataError(
            f"ssl_ca_certs={parts.ca_certs!r}: no certificates can be read from it: {exc}"
        ) from exc
    context.check_hostname = parts.check_hostname
    context.verify_mode = parts.verify
    if parts.certfile is not None:
        _load_own_certificate(context, parts, parts.certfile)
    return context


def _load_own_certificate(context: SSLContext, parts: _Parts, certfile: str) -> None:
    def refuse() -> NoReturn:  # OpenSSL would ask on the terminal
        raise DataError(f"the key in {parts.keyfile or certfile!r} is encrypted: give ssl_password")

    try:
        context.load_cert_chain(certfile, parts.keyfile, refuse if parts.password is None else parts.password)
    except OSError as exc:
        files = f"ssl_certfile={certfile!r}" + (f", ssl_keyfile={parts.keyfile!r}" if parts.keyfile else "")
        raise DataError(f"{files}: no certificate with its key can be read: {exc.strerror or exc}") from exc
