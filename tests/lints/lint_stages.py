# SPDX-License-Identifier: MIT
"""Stage parity: every implementation of a stage carries the numbers of its equations, in the order of the reference."""

import os
import re

from common import listFiles, readText, run

CONTRACTS = "openmmapi/include/openmmorbit/internal/stages"
THEORY = "openmmapi/docs/theory.md"
# Stages that a folder does not implement itself, and why.
INHERITED = {
    # Inside the vectorised row operations of platforms/cpu/src/simd; the numbers stand there.
    # Coordinates are double there too: the plugin contains the reference's stages (platforms/reference/CMakeLists.txt).
    "cpu": {"LayerNorm", "Linear", "Softmax", "Gather", "Scatter", "Noise", "Prior", "SamplerStep", "StereoGuidance",
            "ClampFixed", "FollowFixed", "AvoidPocket", "TurnTorsions", "ClassifierFreeGuidance"},
    # The first in the matrix products' way in (linear.cc), the second online in the attention.
    "common": {"LayerNorm", "Softmax"},
    # Operators of LibTorch; positions of a Context, which training has none of; noise is drawn by the host. The gated
    # transformer is generated with, not trained.
    "torch": {"LayerNorm", "Linear", "Softmax", "Gather", "Scatter", "Noise", "ClampFixed", "FollowFixed",
              "AvoidPocket", "TurnTorsions", "ClassifierFreeGuidance",
              "FlowConditioning", "BinnedPairs", "GatedAttention", "PairUpdate"},
}
# Equations of a stage that a folder leaves out, and why: no sampler of the school's is Heun's.
LEFT_OUT = {("torch", "SamplerStep"): [(5, 3)]}
NUMBERS = re.compile(r"\((\d+)\.(\d+)\)(?:\s*(to)\s*(?=\(\d))?")


def equationNumbers(text):
    """The equation numbers in the comments of a file, each once, in order of appearance; "(4.6) to (4.9)" is
    expanded."""
    found = []
    for comment in re.findall(r"(?m)^\s*//(?!\s*SPDX)(.*)$", text):
        start = None
        for section, number, hasRange in NUMBERS.findall(comment):
            first = int(number) if start is None else start + 1
            for value in range(first, int(number) + 1):
                if (int(section), value) not in found:
                    found.append((int(section), value))
            start = int(number) if hasRange else None
    return found


def show(numbers):
    """Numbers as they stand in comments."""
    return " ".join(f"({section}.{number})" for section, number in numbers) or "none"


def bodyOf(text):
    """A file without its head comment, which may name the stage's equations as a range."""
    lines = text.split("\n")
    return "\n".join(lines[next((i for i, line in enumerate(lines) if not line.startswith("//")), 0):])


def check(root):
    faults = []
    folders = [name for name in ("cpu", "common", "torch")
               if os.path.isdir(os.path.join(root, "platforms", name, "src/stages"))
               and listFiles(root, (".cpp",), (f"platforms/{name}/src/stages",))]
    theory = readText(root, THEORY) if os.path.exists(os.path.join(root, THEORY)) else ""
    for reference in listFiles(root, (".cpp",), ("platforms/reference/src/stages",)):
        stage = os.path.basename(reference)[:-4]
        if not os.path.exists(os.path.join(root, CONTRACTS, stage + ".h")):
            faults.append(f"{reference}: the contract {CONTRACTS}/{stage}.h is missing")
        expected = equationNumbers(bodyOf(readText(root, reference)))
        for section, number in expected:
            if f"({section}.{number})" not in theory:
                faults.append(f"{reference}: equation ({section}.{number}) is not in {THEORY}")
        for folder in folders:
            path = f"platforms/{folder}/src/stages/{stage}.cpp"
            exists = os.path.exists(os.path.join(root, path))
            if stage in INHERITED[folder]:
                continue
            if not exists:
                faults.append(f"{path}: the stage is missing; write it, or declare in {os.path.basename(__file__)} why "
                              "not")
                continue
            # Numbers of other stages may be mentioned; those of this stage must stand in the reference's order.
            text = bodyOf(readText(root, path))
            if folder == "common":
                device = f"platforms/common/src/kernels/{stage[0].lower()}{stage[1:]}.cc"
                if not os.path.exists(os.path.join(root, device)):
                    faults.append(f"{device}: the stage's device source is missing")
                    continue
                text = bodyOf(readText(root, device))
            wanted = [number for number in expected if number not in LEFT_OUT.get((folder, stage), [])]
            got = [number for number in equationNumbers(text) if number in expected]
            if got != wanted:
                faults.append(f"{path}: expected the equations {show(wanted)}, got {show(got)}")
    return faults


def tree(reference, cpu, extra=None):
    """A tree of one stage."""
    head = "// SPDX-License-Identifier: MIT\n// The stage, (4.1) to (4.3).\n#include <x>\n"
    files = {THEORY: "(4.1) (4.2) (4.3)", f"{CONTRACTS}/A.h": "",
             "platforms/reference/src/stages/A.cpp": head + reference,
             "platforms/cpu/src/stages/A.cpp": head + cpu}
    files.update(extra or {})
    return files


PLAIN = "// (4.1)\nf();\n    // (4.2)\n// (4.3)\n"
run(check, [
    (tree(PLAIN, PLAIN), 0),
    (tree(PLAIN, "// (4.1), then (4.2) and a part of (4.7)\n// (4.3)\n"), 0),
    (tree(PLAIN, "// (4.1) to (4.3), atom by atom\n"), 0),
    (tree(PLAIN, "// (4.1)\n// (4.3)\n"), 1),
    (tree(PLAIN, "// (4.2)\n// (4.1)\n// (4.3)\n"), 1),
    (tree(PLAIN, PLAIN, {"platforms/reference/src/stages/B.cpp": "x\n", f"{CONTRACTS}/B.h": ""}), 1),
    (tree(PLAIN, PLAIN, {"platforms/reference/src/stages/Linear.cpp": "x\n"}), 1),
    (tree(PLAIN + "// (4.9)\n", PLAIN + "// (4.9)\n"), 1),
    (tree(PLAIN, PLAIN, {"platforms/common/src/stages/A.cpp": "f();\n",
                  "platforms/common/src/kernels/a.cc": "f();\n" + PLAIN}), 0),
    (tree(PLAIN, PLAIN, {"platforms/common/src/stages/A.cpp": "f();\n"}), 1),
])
