"""Types: the package is strict, and the stubs of its compiled half are true."""

import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = Path(__file__).parents[1]
# It reads no configuration of its own accord, and sees the installed package only from elsewhere.
STUBTEST = ["mypy.stubtest", "--mypy-config-file", str(PYTHON / "pyproject.toml"), "spikeloom._spikeloom"]


@pytest.mark.parametrize("tool", [["mypy", "--strict", "spikeloom"], STUBTEST])
def test_types_are_clean(tool, tmp_path):
    pytest.importorskip("mypy")
    done = subprocess.run([sys.executable, "-m", *tool], capture_output=True, text=True, cwd=tmp_path if tool is STUBTEST else PYTHON)
    assert done.returncode == 0, done.stdout + done.stderr
