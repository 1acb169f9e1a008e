"""The product as its users get it: a wheel, built from this checkout and installed into an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Installation:
    """An environment with nothing of the checkout in it."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def quarterdeck(self) -> Path:
        return self.folder / "bin" / "quarterdeck"


def install(folder: Path) -> Installation:
    """Build the wheel from a copy of the sources and install it. Nothing is fetched: the dependencies are those of
    the environment that runs the tests.
    """
    wheel = _build_wheel(folder / "sources", folder / "dist")
    installed = Installation(folder / "venv")
    _run(sys.executable, "-m", "venv", "--without-pip", str(installed.folder))
    _lend_dependencies(installed)
    options = ["--disable-pip-version-check", "--no-index", "--no-deps", "--quiet"]
    _run(sys.executable, "-m", "pip", "--python", str(installed.python), "install", *options, str(wheel))
    return installed


def _build_wheel(sources: Path, target: Path) -> Path:
    sources.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    # Not what other builds and runs left behind.
    shutil.copytree(ROOT / "src", sources / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    _run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(target), str(sources))
    return next(target.glob("*.whl"))


def _lend_dependencies(installed: Installation) -> None:
    """A path in a .pth file is searched for packages, but .pth files in it are not followed: so the checkout itself,
    which is installed there as editable, stays out.
    """
    site_packages = next((installed.folder / "lib").glob("python*")) / "site-packages"
    lent = Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("platlib"))
    (site_packages / "lent.pth").write_text("\n".join(dict.fromkeys(map(str, lent))) + "\n")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}"
