# SPDX-License-Identifier: MIT
"""Makes the wheel for other Linux machines, in dist/: pip's, with RDKit's libraries inside, checked.

Runs with the Python of .venv, where `make wheel` has installed what it needs.
"""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
WORK = TOP / "build-wheel" / "wheel"
# What other wheels bring: OpenMM's libraries and LibTorch's. They are found beside this package.
FOREIGN = ("libOpenMM.so", "libOpenMMCPU.so", "libOpenMMOpenCL.so", "libOpenMMCUDA.so", "libOpenMMHIP.so",
           "libtorch*.so", "libc10*.so")

sys.path.insert(0, str(TOP / "tests" / "wheel"))
from check_wheel import checkTree  # noqa: E402
from older_symbols import lowerVersions  # noqa: E402


def run(*command, **environment):
    subprocess.run([str(part) for part in command], check=True, cwd=TOP, env={**os.environ, **environment})


def python(*arguments, **environment):
    run(sys.executable, "-m", *arguments, **environment)


def onlyWheel(folder):
    (wheel,) = folder.glob("*.whl")
    return wheel


def emptyFolder(name):
    shutil.rmtree(WORK / name, ignore_errors=True)
    (WORK / name).mkdir(parents=True)
    return WORK / name


def unpack(wheel, name):
    """Unpack a wheel; returns the folder that stands for site-packages."""
    python("wheel", "unpack", wheel, "-d", emptyFolder(name))
    (tree,) = (WORK / name).iterdir()
    return tree


def build():
    """Let pip build the wheel with a trainer, in a folder that is kept; compiled as `make test` does, for ccache."""
    settings = ["build-dir=build-wheel", "cmake.define.ORBIT_BUILD_TRAINING=ON",
                "cmake.define.ORBIT_WARNINGS_AS_ERRORS=ON", "cmake.define.CMAKE_CXX_COMPILER=c++"]
    if shutil.which("ccache"):
        settings.append("cmake.define.CMAKE_CXX_COMPILER_LAUNCHER=ccache")
    folder = emptyFolder("raw")
    python("pip", "--disable-pip-version-check", "wheel", ".", "--no-deps", "--no-build-isolation", "-w", folder,
           *(word for setting in settings for word in ("--config-settings", setting)))
    return onlyWheel(folder)


def lowerSystemLibraries(tree):
    """Copy those of RDKit's libraries that ask for newer versions of symbols than they need, and lower these."""
    folder = emptyFolder("older")
    listing = subprocess.run(["ldd", str(tree / "openmmorbit/lib/libOpenMMOrbitChem.so")], capture_output=True,
                             text=True, check=True).stdout
    for path in re.findall(r"=> (\S*/libRDKit\S+) ", listing):
        copy = folder / Path(path).name
        shutil.copy(path, copy)
        if not lowerVersions(copy):
            copy.unlink()
    return folder


def addLicences(tree):
    """Put the licences of the libraries inside, which are Debian's packages, among ours; names of the packages."""
    (info,) = tree.glob("*.dist-info")
    packages = set()
    for library in tree.glob("*.libs/*"):
        name = re.sub(r"-[0-9a-f]{8}(?=\.so)", "", library.name)
        found = subprocess.run(["dpkg", "-S", f"*/{name}"], capture_output=True, text=True, check=True).stdout
        packages.update(re.findall(r"^([^:,\s]+)[^/]*: /", found, re.M))
    lines = []
    for package in sorted(packages):
        shutil.copy(f"/usr/share/doc/{package}/copyright", info / "licenses" / f"{package}.txt")
        lines.append(f"License-File: {package}.txt\n")
    metadata = info / "METADATA"
    own = "License-File: LICENSE\n"
    metadata.write_text(metadata.read_text().replace(own, own + "".join(lines), 1))
    return sorted(packages)


def main():
    tree = unpack(build(), "own")
    for library in tree.rglob("*.so"):
        lowerVersions(library)
    python("wheel", "pack", tree, "-d", emptyFolder("lowered"))
    excluded = [word for name in FOREIGN for word in ("--exclude", name)]
    python("auditwheel", "repair", onlyWheel(WORK / "lowered"), "-w", emptyFolder("repaired"), *excluded,
           AUDITWHEEL_LD_LIBRARY_PATH=str(lowerSystemLibraries(tree)),
           PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))

    tree = unpack(onlyWheel(WORK / "repaired"), "final")
    packages = addLicences(tree)
    faults = checkTree(tree, repaired=True)
    if faults:
        sys.exit("\n".join(faults))
    python("wheel", "pack", tree, "-d", emptyFolder("packed"))
    (TOP / "dist").mkdir(exist_ok=True)
    wheel = shutil.move(onlyWheel(WORK / "packed"), TOP / "dist" / onlyWheel(WORK / "packed").name)
    print(f"{wheel}: {os.path.getsize(wheel) / 1e6:.1f} MB, with libraries of {', '.join(packages)}")


if __name__ == "__main__":
    main()
