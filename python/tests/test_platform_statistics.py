# SPDX-License-Identifier: MIT
"""Whole generations of the packaged model on all platforms come from one distribution: energies, RMSDs, sizes."""
import openmm
import pytest
from conftest import loadBenchmark


SMILES = "NCCO"


@pytest.fixture(scope="module")
def statistics():
    """The functions of tests/benchmarks/compare_platforms.py, which does the same for more molecules."""
    return loadBenchmark("compare_platforms")


@pytest.fixture(scope="module")
def expected(statistics):
    """The distributions of the CPU platform in single precision."""
    return statistics.draw(SMILES, 200, 1, platform="CPU", properties={"Precision": "single"})


# Reference takes a seventh of a second a conformer. Seeds are fixed: a platform's p-values are the same in every run.
@pytest.mark.parametrize("platform, precision, count", [
    ("CPU", "bf16", 200), ("Reference", None, 40), ("OpenCL", "single", 40), ("CUDA", "single", 200),
    ("HIP", "single", 200)])
def testPlatformsGiveOneDistribution(statistics, expected, platform, precision, count):
    if platform not in [openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())]:
        pytest.skip(f"OpenMM has no platform {platform} here")
    try:
        found = statistics.draw(SMILES, count, 2, platform=platform, properties=precision and {"Precision": precision})
    except ValueError as error:
        if "instruction set with BF16" not in str(error):
            raise
        pytest.skip("this processor has no BF16")
    p = statistics.compare(expected, found)
    assert min(p.values()) * len(p) > statistics.LEVEL, p


def testAnotherDistributionIsToldApart(statistics, expected):
    found = statistics.draw(SMILES, 40, 2, platform="CPU", properties={"Precision": "single"}, numSteps=3,
                            sigmaMin=0.2)
    p = statistics.compare(expected, found)
    assert min(p.values()) * len(p) < statistics.LEVEL, p
