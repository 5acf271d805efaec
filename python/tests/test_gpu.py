# SPDX-License-Identifier: MIT
"""Generation on GPU platforms, where there is a device (OpenCL on a CPU counts)."""
import numpy as np
import openmm
import pytest

import openmmorbit


def skipUnlessLoaded(platform):
    names = [openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())]
    if platform not in names:
        pytest.skip(f"OpenMM has no platform {platform} here")


@pytest.mark.parametrize("platform", ["OpenCL", "CUDA", "HIP"])
def testGpuPlatformsAgreeWithReference(makeGenerator, water, platform):
    skipUnlessLoaded(platform)
    expected = makeGenerator().generate(water, 3, seed=5)
    ensemble = makeGenerator(platform=platform, properties={"Precision": "single"}).generate(water, 3, seed=5)
    assert ensemble._core.getProvenance(0).kernel == f"{platform} (single)"
    np.testing.assert_allclose(np.asarray(ensemble.positions._value), np.asarray(expected.positions._value), atol=1e-4)


@pytest.mark.parametrize("platform", ["OpenCL", "CUDA", "HIP"])
def testThePackagedModelMakesCorrectConformers(platform):
    skipUnlessLoaded(platform)
    generator = openmmorbit.ConformerGenerator(platform=platform, properties={"Precision": "mixed"})
    ensemble = generator.generate("C[C@H](N)C(=O)O", 10, seed=7)
    assert ensemble.numConformers == 10


@pytest.mark.parametrize("platform", ["OpenCL", "CUDA", "HIP"])
def testProductsAreChosenAndTold(makeGenerator, water, platform, monkeypatch):
    skipUnlessLoaded(platform)
    expected = makeGenerator().generate(water, 3, seed=5).positions._value
    monkeypatch.setenv("ORBIT_GPU_PRODUCTS", "tf32")
    ensemble = makeGenerator(platform=platform).generate(water, 3, seed=5)
    assert ensemble.provenance[0].kernel == f"{platform} (single, tf32)"
    np.testing.assert_allclose(ensemble.positions._value, expected, atol=5e-3)
    with pytest.raises(ValueError, match="single or mixed precision with ORBIT_GPU_PRODUCTS=tf32, got double"):
        makeGenerator(platform=platform, properties={"Precision": "double"}).generate(water, 1, seed=5)
    monkeypatch.setenv("ORBIT_GPU_PRODUCTS", "tf31")
    with pytest.raises(ValueError, match='to be single or tf32, got "tf31"'):
        makeGenerator(platform=platform).generate(water, 1, seed=5)


def testGpusAreUsedOnlyIfTheyAreNamed(makeGenerator, water):
    kernel = makeGenerator(platform=None).generate(water, 1, seed=1)._core.getProvenance(0).kernel
    assert kernel.startswith("CPU")
