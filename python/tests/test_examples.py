# SPDX-License-Identifier: MIT
"""The examples of the guide run as they stand, with the packaged model, and stay short enough to read."""
import os
import subprocess
import sys
from pathlib import Path

import pytest


EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
GUIDE = EXAMPLES.parent / "docs" / "guide.md"
WRITES = {"01_conformers.py": ["aspirin.sdf", "aspirin.pdb"], "04_into_simulation.py": ["dynamics.dcd"]}


def testEveryExampleIsKnownAndShort():
    found = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in EXAMPLES.glob("*.py")}
    assert set(found) == set(WRITES)
    assert all(length <= 60 for length in found.values()), found
    guide = GUIDE.read_text(encoding="utf-8")
    assert all(name in guide for name in found)


@pytest.mark.parametrize("name", sorted(WRITES))
def testExample(name, tmp_path):
    done = subprocess.run([sys.executable, str(EXAMPLES / name), str(tmp_path)], capture_output=True, text=True,
                          timeout=300, env={**os.environ, "OPENMM_CPU_THREADS": "2"})
    assert done.returncode == 0, done.stderr
    assert "nan" not in done.stdout
    assert all((tmp_path / written).stat().st_size > 500 for written in WRITES[name])


def testDemo(tmp_path):
    done = subprocess.run([sys.executable, "-m", "openmmorbit.demo", "--output", str(tmp_path), "--smiles", "CC(C)O",
                           "--num", "4", "--picoseconds", "0.5"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "C3H8O.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (tmp_path / "C3H8O.sdf").read_text().count("$$$$") == 4
    energies = {line.split("potential")[0].strip(): float(line.split("energy")[1].split()[0])
                for line in done.stdout.splitlines() if "potential energy" in line}
    assert energies["after minimisation"] < energies["as generated"]
