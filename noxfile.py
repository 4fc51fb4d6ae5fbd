"""The repository's tasks: `nox -l` lists them, `nox -s NAME` runs one, `nox` what a contributor needs.

Sessions install and call; whatever has to be decided is in `tools/`, where it is tested. What each session
needs is a dependency group of the root pyproject.toml. uv is used where it is found and never required.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "tests"]

ROOT = Path(__file__).parent
ROOT_SETTINGS = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(nox.project.load_toml("packages/core/pyproject.toml"))
FOLDERS = ("core", "cluster", "sentinel", "testing")
CHECKED = ("packages", "tests", "typing_tests", "benchmarks", "examples", "scripts", "tools", "noxfile.py")


def managed_pythons() -> Iterator[Path]:
    """List the folders in which pyenv and uv keep interpreters that they do not put on PATH."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR", Path.home() / ".local/share/uv/python"))
    for version in PYTHONS:
        yield from pyenv.glob(f"versions/{version}.*/bin")
        yield from uv.glob(f"cpython-{version}.*/bin")


# In front, because pyenv's stand-ins on PATH answer to every version and run only some.
os.environ["PATH"] = os.pathsep.join([*map(str, managed_pythons()), os.environ["PATH"]])


def group(name: str) -> list[str]:
    """List the requirements of one dependency group."""
    return list(nox.project.dependency_groups(ROOT_SETTINGS, name))


def declared(folder: str, extra: str | None = None) -> list[str]:
    """List what one distribution says it requires, from outside the family."""
    project = nox.project.load_toml(f"packages/{folder}/pyproject.toml")["project"]
    wanted = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return [each for each in wanted if not each.startswith("respool")]


def editable(*folders: str) -> list[str]:
    """Say to an installer: these distributions, editable."""
    return [f"-e{ROOT / 'packages' / folder}" for folder in folders]


def install_editable(session: nox.Session, *needed: str, folders: Sequence[str] = FOLDERS) -> None:
    """Install distributions editable, with `needed` beside them, in one resolution."""
    session.install(*group("build"))
    # Without isolation the build backend is installed once instead of once for each of them.
    session.install("--no-build-isolation", *editable(*folders), *needed)


def build(session: nox.Session, *folders: str) -> list[str]:
    """Build the wheels of some distributions and return their paths."""
    session.install(*group("build"))
    target = Path(session.create_tmp(), "dist").resolve()
    shutil.rmtree(target, ignore_errors=True)
    for folder in folders:
        with session.chdir(ROOT / "packages" / folder):
            session.run("hatchling", "build", "-t", "wheel", "-d", str(target), silent=True)
    return sorted(map(str, target.glob("*.whl")))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format with ruff; changes nothing."""
    session.install(*group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy, strictly, as the newest and the oldest supported Python see them."""
    session.install(*group("types"), *declared("core"))
    checked = [each for each in CHECKED if each.endswith(".py") or any(Path(each).rglob("*.py"))]
    for version in (PYTHONS[-1], PYTHONS[0]):
        session.run("mypy", f"--python-version={version}", *checked)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run all tests, on every supported Python that this machine has; arguments go to pytest."""
    install_editable(session, *group("test"))
    # A file stays on one core: the servers that its tests share are started once.
    session.run("pytest", *(session.posargs or ("-n", "auto", "--dist", "loadfile")))


@nox.session
def demo(session: nox.Session) -> None:
    """Show the family at work on embedded fake servers; `-- redis://host:port` for a real one."""
    install_editable(session)
    session.run("python", "examples/demo.py", *session.posargs)


@nox.session(tags=["packaging"])
@nox.parametrize("folder", FOLDERS)
def alone(session: nox.Session, folder: str) -> None:
    """Test one distribution as users get it: its wheel on core's and the kit's, its siblings absent."""
    present = {"core", "testing", folder}
    wheels = build(session, *sorted(present))
    session.install(*wheels, *group("test"))
    absent = [f"respool_{each}" for each in FOLDERS if each not in present]
    session.run("python", "-c", f"import importlib.util as u; assert not any(map(u.find_spec, {absent}))")
    session.run("pytest", f"packages/{folder}/tests", *session.posargs)


@nox.session(python=PYTHONS[0], tags=["packaging"])
def oldest(session: nox.Session) -> None:
    """Test on the oldest Python with the lowest versions that the family's own requirements admit."""
    lowest = [*declared("core"), *declared("testing", "pytest"), *group("test")]
    session.install("uv")
    session.run("uv", "pip", "install", "--resolution=lowest-direct", *lowest)
    # Their requirements are met by now; what the first step chose must stay.
    session.run("uv", "pip", "install", "--no-deps", *editable(*FOLDERS))
    session.run("pytest", *session.posargs)


@nox.session(tags=["packaging"])
def released_core(session: nox.Session) -> None:
    """Test the satellites and the kit of this tree on the core that was released last."""
    tags = session.run("git", "tag", "--list", "core-v*", "--sort=-v:refname", external=True, silent=True)
    if not tags:
        session.skip("core was never released: there is no tag core-v* (or this clone lacks the tags)")
    tag = tags.split()[0]
    source = Path(session.create_tmp(), tag)
    source.mkdir(exist_ok=True)
    archive = str(source.with_suffix(".tar"))
    session.run("git", "archive", f"--output={archive}", tag, "packages/core", external=True)
    shutil.unpack_archive(archive, source)
    folders = [each for each in FOLDERS if each != "core"]
    install_editable(session, str(source / "packages/core"), *group("test"), folders=folders)
    session.run("pytest", *(f"packages/{each}/tests" for each in folders), *session.posargs)


@nox.session(tags=["packaging"])
def wheels(session: nox.Session) -> None:
    """Install the wheels one by one and in every combination of extras, each into an empty environment."""
    session.install("pip")
    paths = build(session, *FOLDERS)
    house = str(Path(paths[0]).parent)
    outside = [*declared("core"), *declared("testing", "pytest")]
    session.run("python", "-m", "pip", "download", "-q", "-d", house, *outside)
    session.run("python", "-m", "tools.wheels", house)


@nox.session
def servers(session: nox.Session) -> None:
    """Fetch real servers into .servers/ and run core's tests on all of them; arguments go to pytest."""
    install_editable(session, *group("test"))
    # It says which it could not bring; the others are still worth a run.
    session.run("python", "scripts/servers.py", success_codes=[0, 1])
    binaries = sorted(map(str, (ROOT / ".servers").glob("*/bin/*-server")))
    if not binaries:
        session.error("none of the servers could be brought")
    # The kit's own tests are left out: they hold the fake server to the very words of Redis 7.
    asked = session.posargs or ["packages/core/tests"]
    session.run("pytest", *asked, env={"RESPOOL_SERVER_BINARIES": os.pathsep.join(binaries)})


@nox.session
def bench(session: nox.Session) -> None:
    """Measure against other clients on a real server, in one run; arguments go to the benchmarks."""
    session.install(*(f"packages/{each}" for each in FOLDERS))
    for peer in group("bench"):
        # One that cannot be had here is shown as not installed; the others are still worth a run.
        session.install(peer, success_codes=[0, 1, 2])
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def chaos(session: nox.Session) -> None:
    """Break real deployments under load and print what callers notice; `-- --seeds N` simulates as well."""
    install_editable(session, *group("test"))
    session.run("python", "-m", "benchmarks.chaos", *session.posargs)


@nox.session
def release(session: nox.Session) -> None:
    """Prepare the release of one distribution: `-- core minor` (or major, patch, first); never pushes."""
    session.install(*group("build"))
    session.run("python", "-m", "tools.release", *session.posargs)
