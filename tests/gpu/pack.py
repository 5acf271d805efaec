#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pack the tests and the benchmark of a GPU platform, to be run by run.sh on a machine that has nothing but the GPU.

Usage: pack.py BUILD FOLDER [PLATFORM]     (PLATFORM: CUDA, HIP or OpenCL; default CUDA)

FOLDER gets files.tar.gz, whose members have the absolute paths that the binaries know, and tests.sh, a line for each
test: its name, its environment and its command. First `make build-tests` and `cmake --build BUILD --target benchmarks`:
without BenchGeneration there are tests only.
"""
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
#: Of 10, 20, 44 and 98 atoms: dimethyl sulfoxide, paracetamol, metoprolol and ritonavir.
MOLECULES = """CS(=O)C
CC(=O)Nc1ccc(O)cc1
COCCc1ccc(OCC(O)CNC(C)C)cc1
CC(C)c1nc(CN(C)C(=O)N[C@@H](C(C)C)C(=O)N[C@@H](Cc2ccccc2)C[C@H](O)[C@H](Cc2ccccc2)NC(=O)OCc2cncs2)cs1
"""


def listTests(build, platform):
    """Get the tests of a platform as ctest has them."""
    text = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1", "-R", rf"\.{platform}\."],
                          check=True, capture_output=True, text=True).stdout
    tests = json.loads(text)["tests"]
    if not tests:
        raise SystemExit(f"pack.py: expected tests of the platform {platform} in {build}, got none; was its plugin "
                         "built?")
    return tests


def libraries(file):
    """Get the shared libraries that a file loads, without those of the system and of the GPU's maker."""
    lines = subprocess.run(["ldd", file], check=True, capture_output=True, text=True).stdout.splitlines()
    paths = [pathlib.Path(line.split("=>")[1].split("(")[0].strip()) for line in lines if "=> /" in line]
    return {path for path in paths if not str(path).startswith(("/lib", "/usr")) and "/nvidia/" not in str(path)}


def makeShard(build, folder):
    """Write the shard of the benchmark's molecules."""
    source, ensembles, shard = folder / "molecules.smi", folder / "molecules.sdf", folder / "molecules.shard"
    source.write_text(MOLECULES, encoding="utf-8")
    python = [sys.executable, "-m", "openmmorbit"]
    variables = {**os.environ, "PYTHONPATH": str(build / "python")}
    subprocess.run([*python, "conformers", source, "-n", "1", "--seed", "1", "-o", ensembles], check=True,
                   env=variables)
    script = "import sys, openmmorbit; openmmorbit.buildDataset([sys.argv[1]], sys.argv[2])"
    subprocess.run([sys.executable, "-c", script, ensembles, shard], check=True, env=variables)
    return shard


def main():
    build, folder = (pathlib.Path(name).resolve() for name in sys.argv[1:3])
    platform = sys.argv[3] if len(sys.argv) > 3 else "CUDA"
    folder.mkdir(parents=True, exist_ok=True)
    tests = listTests(build, platform)
    package, benchmark = build / "python" / "openmmorbit", build / "benchmarks" / "BenchGeneration"
    files = {pathlib.Path(test["command"][0]) for test in tests}
    files.update(package / "plugins" / f"libOpenMMOrbit{name}.so" for name in ("Reference", "CPU", platform))
    files.update((ROOT / "tests" / "golden").rglob("*"), (package / "models").glob("*.safetensors"))
    shard = makeShard(build, folder) if benchmark.exists() else None
    if shard is not None:
        files.update({benchmark, shard})
    openmm = next(path for path in libraries(tests[0]["command"][0]) if path.name == "libOpenMM.so")
    files.update(openmm.parent / "plugins" / f"libOpenMM{name}.so" for name in ("CPU", platform))
    for file in list(files):
        if file.suffix in ("", ".so") and file.is_file():
            files.update(libraries(file))
    with tarfile.open(folder / "files.tar.gz", "w:gz", dereference=True) as archive:
        for file in sorted(path for path in files if path.is_file()):
            archive.add(file, arcname=str(file))
    with open(folder / "tests.sh", "w", encoding="utf-8") as stream:
        for test in tests:
            variables = next((entry["value"] for entry in test["properties"] if entry["name"] == "ENVIRONMENT"), [])
            stream.write(" ".join([test["name"], "env", *map(shlex.quote, variables + test["command"])]) + "\n")
        if shard is not None:
            stream.write(shlex.join(["benchmark", "env", str(benchmark), str(package / "models/conformer.safetensors"),
                                     str(shard), "20,1000"]) + "\n")
    print(f"{len(tests)} tests of {platform}, {(folder / 'files.tar.gz').stat().st_size / 2**20:.1f} MiB in {folder}")


if __name__ == "__main__":
    main()
