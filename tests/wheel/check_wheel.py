# SPDX-License-Identifier: MIT
"""What a wheel must hold: every file of the package and no other, libraries that find each other, requirements.

    check_wheel.py --build build --plugins "Reference;CPU;OpenCL" --work FOLDER

installs a build tree into FOLDER as pip would, checks that, and checks that damage is found. `make wheel` checks the
finished wheel by checkTree().
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / ".ci"))
from older_symbols import lowerVersions  # noqa: E402

SYSTEM = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "ld-linux-x86-64.so.2", "libz.so.1"}
#: Libraries that other wheels bring, and where these have them, seen from site-packages.
FOREIGN = {"libOpenMM.so": "OpenMM.libs/lib", "libtorch_cpu.so": "torch/lib", "libc10.so": "torch/lib",
           **{f"libOpenMM{name}.so": "OpenMM.libs/lib/plugins" for name in ("CPU", "OpenCL", "CUDA", "HIP")}}
#: What may need LibTorch, and what may need RDKit's libraries.
TRAINING = {"openmmorbit/lib/libOpenMMOrbitTraining.so", "openmmorbit/bin/openmm-orbit-train"}
CHEM = {"openmmorbit/lib/libOpenMMOrbitChem.so"}
OWN = {"openmmorbit/_orbit.abi3.so", "openmmorbit/_orbitchem.abi3.so", "openmmorbit/_orbittraining.abi3.so",
       "openmmorbit/lib/libOpenMMOrbit.so", *CHEM, *TRAINING}
GENERATED = {"_build.py", "orbit.py", "orbitchem.py", "orbittraining.py"}
REQUIRED = ["numpy", "openmm<8.7,>=8.6.1", "tqdm"]
EXTRAS = {"chem": ["rdkit"], "train": ["torch<2.14,>=2.13"], "cuda12": ["openmm[cuda12]"], "cuda13": ["openmm[cuda13]"],
          "hip6": ["openmm[hip6]"], "hip7": ["openmm[hip7]"]}
MAX_MODELS, MAX_ALL = 60e6, 100e6


def readDynamic(path):
    """Get what an ELF file needs, where it looks for that, and whether it binds at once."""
    text = subprocess.run(["readelf", "-dW", str(path)], capture_output=True, text=True, check=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
    paths = re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", text)
    folders = [folder for line in paths for folder in line.split(":") if folder]
    return needed, folders, "BIND_NOW" in text or re.search(r"FLAGS_1.*NOW", text) is not None


def isElf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def checkLibrary(tree, path, repaired):
    """Check that everything an ELF file needs is found from where it lies, and that it needs no more than it may."""
    name = path.relative_to(tree).as_posix()
    needed, folders, bindsNow = readDynamic(path)
    own = name.startswith("openmmorbit/")
    faults = [f"{name}: expected folders from $ORIGIN on, got {folder}" for folder in folders
              if not folder.startswith("$ORIGIN")]
    if own and "/bin/" not in name and not bindsNow:
        faults.append(f"{name}: expected a library that binds its symbols when it is loaded")
    places = [os.path.normpath(folder.replace("$ORIGIN", os.path.dirname(name))) for folder in folders]
    for library in needed:
        home = FOREIGN.get(library)
        if library in SYSTEM or any((tree / place / library).is_file() for place in places):
            continue
        if home is not None:
            if home not in places:
                faults.append(f"{name}: expected {home} among the folders of {library}, got {', '.join(places)}")
            if home == "torch/lib" and name not in TRAINING:
                faults.append(f"{name}: expected no need of LibTorch, got {library}")
        elif repaired or name not in CHEM:
            faults.append(f"{name}: expected libraries inside the wheel, got {library}, which is not")
    return faults


def checkFiles(tree, plugins):
    """Check that every file of the package is there as it is in the source, and nothing else."""
    package, source = tree / "openmmorbit", TOP / "python" / "openmmorbit"
    wanted = {f"openmmorbit/plugins/libOpenMMOrbit{name}.so" for name in plugins} | set(OWN)
    faults = []
    for folder, target, pattern in ((source, package, "**/*.py"), (source, package, "py.typed"),
                                    (source, package, "models/*"), (source, package, "viewer/*"),
                                    (TOP / "openmmapi/include/openmmorbit", package / "include/openmmorbit", "**/*.h")):
        for path in folder.glob(pattern):
            copy = target / path.relative_to(folder)
            if path.is_dir() or "__pycache__" in path.parts:
                continue
            wanted.add(copy.relative_to(tree).as_posix())
            if copy.is_file() and copy.read_bytes() != path.read_bytes():
                faults.append(f"{copy.relative_to(tree)}: expected the text of the source, got another")
    wanted |= {f"openmmorbit/{name}" for name in GENERATED}
    found = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if not path.is_dir()}
    faults += [f"{name}: expected this file, got none" for name in sorted(wanted - found)]
    others = re.compile(r"openmmorbit/lib/cmake/[\w./-]+\.cmake|openmm_orbit\.libs/lib[\w.+-]+"
                        r"|openmm_orbit-[\d.]+\.dist-info/.+")
    faults += [f"{name}: expected no such file" for name in sorted(found - wanted) if not others.fullmatch(name)]
    for path in tree.rglob("*"):
        if path.is_file() and str(TOP).encode() in path.read_bytes():
            faults.append(f"{path.relative_to(tree)}: expected no path of the machine that built it, got {TOP}")
    return faults


def checkVersions(tree):
    """Check that the package was built with what it asks for."""
    text = (tree / "openmmorbit/_build.py").read_text()
    faults = []
    for name, series in (("openmmVersion", r"8\.6\.1"), ("torchVersion", r"2\.13")):
        if not re.search(f'^{name} = "{series}"$', text, re.M):
            faults.append(f"_build.py: expected {name} as the requirements have it, got {text.splitlines()[2:]}")
    return faults


def checkMetadata(tree):
    """Check name, requirements, extras, command and licences."""
    try:
        (info,) = tree.glob("openmm_orbit-*.dist-info")
    except ValueError:
        return ["expected one folder openmm_orbit-*.dist-info"]
    lines = (info / "METADATA").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    requirements = [line.partition(": ")[2].replace(" ", "") for line in lines if line.startswith("Requires-Dist: ")]
    faults = [] if "Name: openmm-orbit" in lines else ["METADATA: expected the name openmm-orbit"]
    plain = sorted(normalize(text) for text in requirements if ";" not in text)
    if plain != REQUIRED:
        faults.append(f"METADATA: expected the requirements {REQUIRED}, got {plain}")
    for extra, wanted in EXTRAS.items():
        got = [normalize(text.partition(";")[0]) for text in requirements
               if re.search(f"extra==[\"']{extra}[\"']", text)]
        if got != wanted:
            faults.append(f"METADATA: expected the extra {extra} to ask for {wanted}, got {got}")
    if "openmm-orbit=openmmorbit.cli:main" not in (info / "entry_points.txt").read_text().replace(" ", ""):
        faults.append("entry_points.txt: expected the command openmm-orbit")
    for name in ["LICENSE"] + [line[len("License-File: "):] for line in lines if line.startswith("License-File: ")]:
        if not (info / "licenses" / name).is_file():
            faults.append(f"licenses: expected {name}, got no such file")
    return faults


def normalize(requirement):
    """A requirement with its bounds in order."""
    name, bounds = re.fullmatch(r"([\w.\[\]-]+)(.*)", requirement).groups()
    return name.lower() + ",".join(sorted(bounds.strip("()").split(",")))


def checkTree(tree, plugins=("Reference", "CPU", "OpenCL", "CUDA", "HIP"), repaired=False):
    """Check a folder that stands for site-packages; faults as texts."""
    faults = checkFiles(tree, plugins) + checkVersions(tree) + checkMetadata(tree)
    for path in sorted(tree.rglob("*")):
        if path.is_file() and isElf(path):
            faults += checkLibrary(tree, path, repaired)
    sizes = {path: path.stat().st_size for path in tree.rglob("*") if path.is_file()}
    models = sum(size for path, size in sizes.items() if "models" in path.parts)
    for what, limit, total in (("models", MAX_MODELS, models), ("files", MAX_ALL, sum(sizes.values()))):
        if total > limit:
            faults.append(f"expected {what} of at most {limit / 1e6:.0f} MB, got {total / 1e6:.0f} MB")
    return faults


def install(build, tree):
    """Install a build tree and the metadata of the wheel into a new folder."""
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run(["cmake", "--install", build, "--prefix", tree, "--strip"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, "-c", "import sys; from scikit_build_core.build import "
                    "prepare_metadata_for_build_wheel as prepare; prepare(sys.argv[1])", tree], check=True, cwd=TOP,
                   stdout=subprocess.DEVNULL)


def damages(tree):
    """Yield names of damages, each with a file and what becomes of its bytes; None removes it."""
    (info,) = tree.glob("*.dist-info")
    package = tree / "openmmorbit"
    yield "a missing file", package / "viewer/page.py", lambda data: None
    yield "a missing plugin", package / "plugins/libOpenMMOrbitCPU.so", lambda data: None
    yield "another file", package / "notes.txt", lambda data: b"notes"
    yield "a changed model", package / "models/README.md", lambda data: data + b"."
    yield ("an absolute folder", package / "lib/libOpenMMOrbitChem.so",
           lambda data: data.replace(b":$ORIGIN/../lib:", b":/usr/ab/../lib:"))
    yield ("a folder less", package / "_orbit.abi3.so",
           lambda data: data.replace(b"OpenMM.libs/lib", b"OpenMM.libz/lib"))
    yield "an unbounded requirement", info / "METADATA", lambda data: data.replace(b"openmm<8.7,>=8.6.1", b"openmm")
    yield "another torch", info / "METADATA", lambda data: data.replace(b"<2.14", b"<3")
    yield "built with another torch", package / "_build.py", lambda data: data.replace(b'"2.13"', b'"2.12"')
    yield "no licence", info / "licenses/LICENSE", lambda data: None
    yield "a path of this machine", package / "_build.py", lambda data: data + f"# {TOP}".encode()


def checkDamages(tree, plugins):
    """Check that the checks find each damage."""
    faults = []
    for name, path, change in damages(tree):
        before = path.read_bytes() if path.is_file() else None
        after = change(before)
        if after == before:
            faults.append(f"the damage \"{name}\" changes nothing in {path}")
            continue
        path.unlink(missing_ok=True)
        if after is not None:
            path.write_bytes(after)
        if not checkTree(tree, plugins):
            faults.append(f"expected that {name} is found")
        path.unlink(missing_ok=True)
        if before is not None:
            path.write_bytes(before)
    return faults


def checkOlderSymbols(library):
    """Check that a library can be made to ask for no newer symbols than OpenMM's wheel does, once."""
    lowerVersions(library)
    symbols, listed = (subprocess.run(["readelf", "-W", option, str(library)], capture_output=True, text=True,
                                      check=True).stdout for option in ("--dyn-syms", "-V"))
    versions = re.findall(r"\bhypot@(\S+)", symbols)
    faults = [] if versions == ["GLIBC_2.2.5"] else [f"expected hypot of GLIBC_2.2.5 in {library}, got {versions}"]
    if "GLIBC_2.35" in listed or not re.search(r"Name: GLIBC_2\.2\.5\b", listed):
        faults.append(f"expected GLIBC_2.2.5 and no GLIBC_2.35 among the versions of {library}")
    return faults + ([f"expected that {library} is lowered once"] if lowerVersions(library) else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--plugins", required=True)
    parser.add_argument("--work", required=True)
    options = parser.parse_args()
    tree, plugins = Path(options.work) / "site", options.plugins.split(";")
    install(options.build, tree)
    faults = checkTree(tree, plugins) or checkDamages(tree, plugins)
    faults += checkOlderSymbols(tree / "openmmorbit/plugins/libOpenMMOrbitReference.so")
    shutil.rmtree(tree)
    sys.exit("\n".join(faults) if faults else 0)


if __name__ == "__main__":
    main()
