# SPDX-License-Identifier: MIT
"""Includes go one way through the rooms of the house; a new arrow fails here and is discussed before it is drawn."""

import os
import re

from common import lineOf, listFiles, readText, run

# Folders to rooms, the first match wins.
ROOMS = [
    ("openmmapi/include/openmmorbit/internal/windowsExport", "export"),
    ("openmmapi/include/openmmorbit/internal/OrbitKernels.h", "kernels"),
    ("openmmapi/include/openmmorbit/internal/", "internal"),
    ("openmmapi/include/openmmorbit/", "public"),
    ("openmmapi/src/chem/", "chem"),
    ("openmmapi/src/relax/", "relax"),
    ("openmmapi/src/model/", "model"),
    ("openmmapi/src/orbit/", "orbit"),
    ("openmmapi/src/check/", "check"),
    ("openmmapi/src/data/", "data"),
    ("openmmapi/src/", "impl"),
    ("platforms/reference/src/host/", "host"),
    ("platforms/reference/src/", "reference"),
    ("platforms/cpu/src/", "cpu"),
    ("platforms/common/src/", "common"),
    ("platforms/opencl/src/", "factory"),
    ("platforms/cuda/src/", "factory"),
    ("platforms/hip/src/", "factory"),
    ("platforms/torch/", "torch"),
    ("serialization/include/", "serialization"),
    ("serialization/src/", "serialization"),
    ("wrappers/swig/", "wrappers"),
]
# Public headers that are owners or kernels' faces, not values: the inner rooms do not know them.
FACES = re.compile(r"((Integrator|Generator|Trainer|Impl)\w*|Ensemble)\.h$")

VALUES = {"public", "internal", "export"}
ALLOWED = {
    "public": {"public", "export"},
    "export": set(),
    "internal": VALUES,
    "kernels": VALUES,
    "chem": VALUES | {"chem"},
    "relax": VALUES | {"relax", "chem"},
    "model": VALUES | {"model"},
    "orbit": VALUES | {"orbit"},
    "check": VALUES | {"check"},
    "data": VALUES | {"data"},
    "impl": VALUES | {"kernels", "impl", "model", "orbit", "check", "data"},
    "host": VALUES | {"kernels", "host", "reference"},
    "reference": VALUES | {"kernels", "host", "reference", "orbit"},
    "cpu": VALUES | {"kernels", "host", "cpu", "orbit"},
    "common": VALUES | {"kernels", "common"},
    "factory": VALUES | {"kernels", "host", "common", "factory"},
    "torch": VALUES | {"torch", "orbit", "data"},
    "serialization": {"public", "export", "serialization"},
    "wrappers": {"public", "export", "wrappers"},
}
# Arrows to single headers that are tools, not rooms.
TOOLS = {("serialization", "Base64.h")}
INNER = {"chem", "relax", "model", "orbit", "check", "data"}

# Foreign headers: (pattern, rooms that may include them, name).
FOREIGN = [
    (r"^(GraphMol|RDGeneral|Geometry|ForceField|DataStructs|RDBoost|Numerics)/", {"chem", "relax"}, "RDKit"),
    (r"^(torch|ATen|c10)/", {"torch"}, "LibTorch"),
    (r"^nlohmann/", {"model", "data", "torch"}, "the JSON library"),
    (r"^boost/", {"chem"}, "Boost"),
    (r"^(openmm/(cpu|reference|opencl|cuda|hip|common)/|Cpu\w+\.h|Reference\w+\.h|CL/|cuda|hip/|"
     r"(Cuda|OpenCL|Hip)\w+\.h)",
     {"host", "reference", "cpu", "common", "factory"},
     "a platform's headers"),
    (r"^(random|ctime|chrono|sys/time\.h)$", {"torch", "impl", "relax"}, "the clock or random numbers"),
    (r"^(fstream|filesystem|cstdio|iostream|unistd\.h)$",
     {"public", "model", "data", "chem", "torch", "impl", "wrappers"}, "files"),
]
PATTERN = re.compile(r'(?m)^[ \t]*[#%]include[ \t]*(?:[<"]([^>"]+)[>"])')
SEARCH = ("openmmapi/include", "serialization/include", "wrappers/swig")


def roomOf(path):
    """The room that a file belongs to, or None."""
    for folder, room in ROOMS:
        if path.startswith(folder):
            return room
    return None


def resolve(root, path, target):
    """The file of ours that an include names, or None."""
    parts = path.split("/")
    folders = [os.path.dirname(path), *SEARCH]
    if parts[0] == "platforms":
        folders += [f"platforms/{parts[1]}/src", f"platforms/{parts[1]}/include", "platforms/reference/src"]
    folders += ["openmmapi/src"]
    for folder in folders:
        candidate = os.path.normpath(os.path.join(folder, target)).replace(os.sep, "/")
        if os.path.exists(os.path.join(root, candidate)):
            return candidate
    return None


def check(root):
    faults = []
    for path in listFiles(root, (".cpp", ".h", ".cc", ".i")):
        room = roomOf(path)
        if room is None or "/tests/" in path:
            continue
        text = readText(root, path)
        for match in PATTERN.finditer(text):
            target, place = match.group(1), f"{path}:{lineOf(text, match.start())}"
            found = resolve(root, path, target)
            if found is not None:
                other = roomOf(found)
                if (room, os.path.basename(found)) in TOOLS:
                    continue
                if other not in ALLOWED[room]:
                    faults.append(f"{place}: room \"{room}\" must not include \"{target}\" of room \"{other}\"")
                elif room in INNER and other in ("public", "internal") and FACES.search(found):
                    faults.append(f"{place}: room \"{room}\" speaks in values, \"{target}\" is none")
                continue
            for pattern, rooms, name in FOREIGN:
                if re.search(pattern, target) and room not in rooms:
                    faults.append(f"{place}: room \"{room}\" must not touch {name} ({target})")
    return faults


PUBLIC = {"openmmapi/include/openmmorbit/A.h": "", "openmmapi/include/openmmorbit/AIntegrator.h": "",
          "openmmapi/include/openmmorbit/internal/B.h": "", "openmmapi/include/openmmorbit/internal/OrbitKernels.h": "",
          "openmmapi/src/chem/C.h": ""}
run(check, [
    ({**PUBLIC, "openmmapi/src/orbit/A.cpp": '#include "openmmorbit/A.h"\n#include <vector>\n'}, 0),
    ({**PUBLIC, "platforms/cpu/src/A.cpp": '#include "openmmorbit/internal/B.h"\n#include "CpuPlatform.h"\n'}, 0),
    ({**PUBLIC, "openmmapi/src/orbit/A.cpp": '#include "openmmorbit/AIntegrator.h"\n'}, 1),
    ({**PUBLIC, "openmmapi/src/orbit/A.cpp": '#include "openmmorbit/internal/OrbitKernels.h"\n'}, 1),
    ({**PUBLIC, "openmmapi/src/model/A.cpp": '#include "../chem/C.h"\n'}, 1),
    ({**PUBLIC, "openmmapi/include/openmmorbit/D.h": '#include "openmmorbit/internal/B.h"\n'}, 1),
    ({**PUBLIC, "openmmapi/src/A.cpp": "#include <GraphMol/RWMol.h>\n"}, 1),
    ({**PUBLIC, "platforms/cpu/src/A.cpp": "#include <torch/torch.h>\n#include <fstream>\n#include <random>\n"}, 3),
    ({**PUBLIC, "wrappers/swig/a.i": '%include "openmmorbit/internal/B.h"\n'}, 1),
])
