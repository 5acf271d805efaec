# SPDX-License-Identifier: MIT
"""The examples of the guide run as they stand, with the packaged model, and stay short enough to read."""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PAGE = EXAMPLES.parent / "docs" / "examples.md"
WRITES = {"01_conformers.py": ["aspirin.sdf", "aspirin.pdb"], "02_into_simulation.py": ["dynamics.dcd"],
          "03_alanine_dipeptide.py": ["alanine.png"], "04_trialanine.py": ["trialanine.png"],
          "05_ligand_in_water.py": ["aspirin.png"], "06_beads.py": ["beads.png"],
          "07_backbones.py": ["backbones.png", "protein.pdb", "run.dcd"]}
#: Runs a cell as a notebook does: the value of its last line is shown.
CELLS = """
def run(text):
    tree = ast.parse(text)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    if last is not None:
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        if value is not None:
            print("shown", value._repr_html_()[:7])


"""


def testEveryExampleIsKnownAndShort():
    found = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in EXAMPLES.glob("*.py")}
    assert set(found) == set(WRITES)
    assert all(length <= 115 for length in found.values()), found
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"(../examples/{name})" in page for name in found)
    assert all(f"`{written}`" in page for names in WRITES.values() for written in names if written.endswith(".png"))
    assert "(examples.md)" in (PAGE.parent / "guide.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(WRITES))
def testExample(name, tmp_path):
    done = subprocess.run([sys.executable, str(EXAMPLES / name), str(tmp_path)], capture_output=True, text=True,
                          timeout=300, env={**os.environ, "OPENMM_CPU_THREADS": "2"})
    assert done.returncode == 0, done.stderr
    # A state of a model of seconds may be refused "for nan"; no figure may be one.
    assert re.search(r"(?<!for )\bnan\b", done.stdout) is None, done.stdout
    assert all((tmp_path / written).stat().st_size > 500 for written in WRITES[name])


def testNotebook(tmp_path):
    cells = json.loads((EXAMPLES / "08_notebook.ipynb").read_text(encoding="utf-8"))["cells"]
    assert all(not cell["outputs"] for cell in cells if cell["cell_type"] == "code")
    blocks = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    script = "import ast\nnames = {}\n" + "".join(f"run({block!r})\n" for block in blocks)
    (tmp_path / "cells.py").write_text(CELLS + script, encoding="utf-8")
    done = subprocess.run([sys.executable, "cells.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("shown")] == 4 * ["shown <iframe"]
    assert (tmp_path / "gallery.html").stat().st_size > 50_000
    assert "(../examples/08_notebook.ipynb)" in PAGE.read_text(encoding="utf-8")


def testDemo(tmp_path):
    done = subprocess.run([sys.executable, "-m", "openmmorbit.demo", "--output", str(tmp_path), "--smiles", "CC(C)O",
                           "--num", "4", "--picoseconds", "0.5"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "C3H8O.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (tmp_path / "C3H8O.sdf").read_text().count("$$$$") == 4
    assert "MMFF94 energy" in (tmp_path / "C3H8O.html").read_text(encoding="utf-8")
    energies = {line.split("potential")[0].strip(): float(line.split("energy")[1].split()[0])
                for line in done.stdout.splitlines() if "potential energy" in line}
    assert energies["after minimisation"] < energies["as generated"]
