# SPDX-License-Identifier: MIT
"""The graph of the rooms, public headers included: each arrow points to a room that stands earlier in the list, and the
table in openmmapi/docs/rooms.md shows all arrows that there are.

A header belongs to the room whose folder holds the source file of its name; headers without one are values.
`lint_rooms.py ROOT` prints the rows that the table should have if they differ.
"""

import os
import re

from common import listFiles, readText, run

PAGE = "openmmapi/docs/rooms.md"
INCLUDE = "openmmapi/include/"
#: Rooms in the direction in which values pass: a room may use those before it.
ORDER = ["values", "orbit", "model", "check", "backbone", "inputs", "data", "chem", "relax", "kernels", "desk",
         "reference", "cpu", "common", "school", "serialization", "wrappers"]
#: Folders to rooms, the first match wins.
FOLDERS = [("openmmapi/src/orbit/", "orbit"), ("openmmapi/src/model/", "model"), ("openmmapi/src/check/", "check"),
           ("openmmapi/src/backbone/", "backbone"), ("openmmapi/src/inputs/", "inputs"),
           ("openmmapi/src/data/", "data"), ("openmmapi/src/chem/", "chem"),
           ("openmmapi/src/relax/", "relax"), ("openmmapi/src/", "desk"), ("platforms/reference/src/", "reference"),
           ("platforms/cpu/src/", "cpu"), ("platforms/common/src/", "common"), ("platforms/opencl/src/", "common"),
           ("platforms/cuda/src/", "common"), ("platforms/hip/src/", "common"), ("platforms/torch/src/", "school"),
           ("serialization/", "serialization"), ("wrappers/swig/", "wrappers")]
#: Headers whose sources lie at the front desk, but which are values or tools for all rooms.
VALUES = {"MolecularGraph.h", "TopologySubject.h", "BackboneSubject.h", "SamplerSettings.h", "SamplerPlan.h",
          "Batch.h", "RandomSeed.h", "Base64.h", "Symmetry.h", "Sha256.h"}
#: Headers of the interface between the desk and the platforms.
KERNELS = {"OrbitKernels.h", "DenoiserWeights.h", "GatedWeights.h"}
#: Headers of a room that have several sources of other names.
OTHERS = {"StereoRecords.h": "inputs"}
PATTERN = re.compile(r'(?m)^[ \t]*[#%]include[ \t]*(?:[<"]([^>"]+)[>"])')


def findRooms(root):
    """The room of every file of ours, by path."""
    rooms, sources = {}, {}
    paths = [path for path in listFiles(root, (".cpp", ".h", ".i")) if "/tests/" not in path]
    for path in paths:
        room = next((room for folder, room in FOLDERS if path.startswith(folder)), None)
        if room is not None:
            rooms[path] = room
            if path.endswith(".cpp") and not path.startswith("platforms/"):
                sources[os.path.basename(path)[:-4]] = room
            elif path.endswith(".cpp") and room == "school":
                sources.setdefault(os.path.basename(path)[:-4], room)
    for path in paths:
        if path.startswith(INCLUDE):
            name = os.path.basename(path)
            isStage = "/internal/stages/" in path
            rooms[path] = "kernels" if name in KERNELS else "values" if name in VALUES or isStage else \
                OTHERS.get(name) or sources.get(name[:-2], "values")
    return rooms


def findArrows(root):
    """For every pair of rooms, one place where the first includes the second."""
    rooms = findRooms(root)
    arrows = {}
    for path, room in rooms.items():
        for target in PATTERN.findall(readText(root, path)):
            found = next((candidate for candidate in (INCLUDE + target, "serialization/include/" + target,
                                                      os.path.normpath(os.path.join(os.path.dirname(path), target)))
                          if candidate in rooms), None)
            if found is not None and rooms[found] != room:
                arrows.setdefault((room, rooms[found]), f"{path} includes {target}")
    return arrows


def makeTable(arrows):
    """The rows that the table must have."""
    rows = []
    for room in ORDER:
        used = [other for other in ORDER if (room, other) in arrows]
        rows.append(f"| {room} | {', '.join(used) or '–'} |")
    return rows


def check(root):
    arrows = findArrows(root)
    faults = [f"{place}: room \"{room}\" must not use room \"{other}\", which stands behind it"
              for (room, other), place in sorted(arrows.items()) if ORDER.index(other) > ORDER.index(room)]
    text = readText(root, PAGE) if os.path.exists(os.path.join(root, PAGE)) else ""
    found = re.findall(r"(?m)^\| [a-z]+ \|.*\|$", text)
    return faults + [f"{PAGE}: expected the row \"{row}\"" for row in makeTable(arrows) if row not in found]


def makePage(arrows):
    return "\n".join(makeTable(arrows)) + "\n"


FILES = {"openmmapi/src/orbit/A.cpp": '#include "openmmorbit/A.h"\n', "openmmapi/include/openmmorbit/A.h": "",
         "openmmapi/src/chem/B.cpp": '#include "openmmorbit/A.h"\n', "openmmapi/include/openmmorbit/B.h": ""}
run(check, [
    ({**FILES, PAGE: makePage({("chem", "orbit"): ""})}, 0),
    ({**FILES, PAGE: makePage({})}, 1),
    ({**FILES, "openmmapi/include/openmmorbit/A.h": '#include "openmmorbit/B.h"\n',
      PAGE: makePage({("chem", "orbit"): "", ("orbit", "chem"): ""})}, 1),
])
