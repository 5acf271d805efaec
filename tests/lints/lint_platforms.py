# SPDX-License-Identifier: MIT
"""The table of stages in platforms/README.md says which folders implement which stage; this compares it with the
files."""

import os
import re

from common import listFiles, readText, run

README = "platforms/README.md"
FOLDERS = ("reference", "cpu", "common", "torch")


def makeTable(root):
    """The rows that the table must have."""
    rows = []
    for path in listFiles(root, (".cpp",), ("platforms/reference/src/stages",)):
        stage = os.path.basename(path)[:-4]
        cells = ["own" if os.path.exists(os.path.join(root, f"platforms/{folder}/src/stages/{stage}.cpp")) else "–"
                 for folder in FOLDERS]
        rows.append(f"| {stage} | {' | '.join(cells)} |")
    return rows


def check(root):
    text = readText(root, README) if os.path.exists(os.path.join(root, README)) else ""
    found = re.findall(r"(?m)^\| [A-Z]\w* \|.*\|$", text)
    expected = makeTable(root)
    return [f"{README}: the row \"{row}\" is missing" for row in expected if row not in found] + \
        [f"{README}: the row \"{row}\" does not fit the files" for row in found if row not in expected]


STAGES = {"platforms/reference/src/stages/A.cpp": "", "platforms/cpu/src/stages/A.cpp": ""}
run(check, [
    ({**STAGES, README: "| A | own | own | – | – |\n"}, 0),
    ({**STAGES, README: "| A | own | – | – | – |\n"}, 2),
    ({**STAGES, README: "nothing\n"}, 1),
    ({**STAGES, README: "| A | own | own | – | – |\n| B | own | own | – | – |\n"}, 1),
])
