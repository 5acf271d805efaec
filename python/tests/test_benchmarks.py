# SPDX-License-Identifier: MIT
"""The page that make bench writes, from made-up measurements."""
import pytest
from conftest import loadBenchmark


@pytest.fixture(scope="module")
def bench():
    """The functions of tests/benchmarks/bench.py."""
    return loadBenchmark("bench")


def rowOf(lines, label):
    """Get the cells of the row whose first cells are given."""
    found = [line for line in "\n".join(lines).splitlines() if line.startswith(f"| {label} |")]
    assert len(found) == 1, found
    return [cell.strip() for cell in found[0].strip("|").split("|")]


def testNumbersAndGaps(bench):
    assert bench.table(["a", "b"], [["x", 1234.5], ["y", 0.01234], [3, None]]) == (
        "| a | b |\n| --- | --- |\n| x | 1234 |\n| y | 0.0123 |\n| 3 | – |\n")


@pytest.mark.parametrize("found, sets", [(["avx2"], ["avx2"]), (["avx2", "avx512"], ["avx512"]), ([], []),
                                         (["avx2", "avx512", "avx512bf16"], ["avx512bf16", "avx512"])])
def testTheWidestSetsAreShown(bench, found, sets):
    assert bench.chooseSets({f"peak/{isa}": {"GFLOPs": 1.0} for isa in found}) == sets


def testSharesOfThePeakAndRatios(bench):
    roofline = {"peak/avx512": {"GFLOPs": 200.0}, "linear.qkv/avx512/44": {"GFLOPs": 190.0}}
    denoiser = {"cpu/avx512/44/64": {"GFLOPs": 150.0, "us_per_molecule": 1000.0},
                "torch/single/44/64": {"us_per_molecule": 4000.0},
                "threads1/avx512/44/64": {"us_per_molecule": 1000.0},
                "threads2/avx512/44/64": {"us_per_molecule": 520.0}}
    lines = []
    bench.writeRoofline(["avx512"], roofline, denoiser, lines)
    assert rowOf(lines, "linear.qkv") == ["linear.qkv", "–", "–", "190 (95 %)", "–"]
    assert rowOf(lines, "whole evaluation, batch 64")[3] == "150 (75 %)"
    lines = []
    bench.writeDenoiser(["avx512"], denoiser, {}, lines)
    assert rowOf(lines, "44 | 64") == ["44", "64", "1000", "4000", "4"]
    assert "--torch-python" in "\n".join(lines)
    assert rowOf(lines, "FP32 | 44 | 64")[-1] == "1.92"
    lines = []
    bench.writeDenoiser(["avx512"], denoiser, {}, lines, busy=True)
    assert "2 threads" not in "\n".join(lines)


def testCompiledPyTorchStandsBesideEager(bench):
    denoiser = {"cpu/avx512/44/1": {"us_per_molecule": 1000.0}, "torch/single/44/1": {"us_per_molecule": 4000.0}}
    lines = []
    bench.writeDenoiser(["avx512"], denoiser, {"version": "2.0", "compiled/single/44/1": 3000.0}, lines)
    assert rowOf(lines, "atoms | batch")[2:] == ["FP32", "LibTorch FP32", "ratio", "compiled FP32", "ratio"]
    assert rowOf(lines, "44 | 1")[2:] == ["1000", "4000", "4", "3000", "3"]
    assert rowOf(lines, "44 | 64")[2:] == ["–"] * 5
    assert "PyTorch 2.0" in "\n".join(lines)


def testMethodsSideBySide(bench):
    def row(method, coreMs, **others):
        return {"molecule": "benzene", "atoms": 12, "method": method, "core_ms": coreMs, "wall_ms": coreMs, **others}
    result = {"generation": [row("orbit", 2.0, wall_ms_two=1.25), row("orbit single", None), row("RDKit ETKDGv3", 1.0),
                             row("RDKit ETKDGv3+MMFF", 5.0)],
              "start": {"import": [0.5, 0.25]}, "memory": {"after import": 100.5}}
    lines = []
    bench.writeGeneration(result, lines)
    content = "\n".join(lines)
    assert "| benzene | 12 | 2 | – | 1 | 5 | 2.5 |" in content
    assert "| benzene | 12 | 500 | 800 | 200 |" in content
    assert rowOf(lines, "import") == ["import", "0.5", "0.25"]


def testTheGoldenPeptideIsThatOfItsForceField(tmp_path):
    # Dynamics at 300 K from a conformer: its angles lie where replica exchange was, and its energies too.
    import json

    import numpy as np
    import openmm

    systems = loadBenchmark("measure_systems")
    golden = json.loads(systems.GOLDEN.read_text(encoding="utf-8"))
    counts = np.array(golden["phiPsi"][0])
    assert counts.shape == (36, 36) and counts.sum() == golden["frames"]
    assert 0.01 < counts[18:].sum() / counts.sum() < 0.05      # phi above 0
    with pytest.warns(UserWarning, match="lacked 12 hydrogens"):
        folder = systems.Folder.make(tmp_path / "peptide", 1, 3)
        context = systems.Exchange(folder).contexts[0]
    frames, energies = [], []
    for _ in range(200):
        context.getIntegrator().step(100)
        state = context.getState(positions=True, energy=True)
        frames.append(state.getPositions(asNumpy=True)._value)
        energies.append(state.getPotentialEnergy().value_in_unit(openmm.unit.kilojoule_per_mole))
    found = systems.histogram(systems.angles(folder, frames)[:, 0])
    wide = sum(np.roll(counts, (a, b), (0, 1)) for a in (-1, 0, 1) for b in (-1, 0, 1))
    assert found[wide > 0].sum() > 0.97 * found.sum()
    low, high = golden["energies"][1], golden["energies"][5]    # 5 and 95 per cent
    assert np.mean((np.array(energies) > low) & (np.array(energies) < high)) > 0.75
