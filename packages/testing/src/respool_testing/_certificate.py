"""What servers of one test session show when they speak TLS, and the clients that trust it.

Made by trustme, which is imported here alone and only when a certificate is asked for.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .real import TLSFiles


@dataclass(frozen=True)
class Certificate:
    """A certificate for loopback: as files, as a fake server's context, and as the context of its clients."""

    files: TLSFiles
    served: ssl.SSLContext
    trust: ssl.SSLContext


@contextmanager
def certificate() -> Iterator[Certificate]:
    """Make a certificate whose files live as long as the block; raise ImportError without trustme."""
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    issued.configure_cert(served)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with TemporaryDirectory(prefix="respool-") as folder:
        files = TLSFiles(*(str(Path(folder, name)) for name in ("certificate", "key", "authority")))
        issued.cert_chain_pems[0].write_to_path(files.certificate)
        issued.private_key_pem.write_to_path(files.key)
        authority.cert_pem.write_to_path(files.authority)
        yield Certificate(files, served, trust)
