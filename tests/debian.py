"""Programs that tests need and Debian has: installed by the test where it may, else it is skipped and says so."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

# RUNLEVEL: no package starts a service of its own.
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}


def needed(missing: Callable[[], list[str]], *packages: str) -> None:
    """Make sure that nothing is missing, by Debian's packages if need be."""
    if missing() and os.geteuid() == 0 and Path("/etc/debian_version").exists():
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "-q", *command], check=False, capture_output=True, env=os.environ | QUIET)
    if names := missing():
        pytest.skip(f"{' and '.join(names)} missing: install Debian's packages {' and '.join(packages)}")
