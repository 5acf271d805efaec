# SPDX-License-Identifier: MIT
"""Length, SPDX line, first sentence, tabs, columns, trailing blanks: what every file must look like."""

import re

from common import listFiles, readText, run

CODE = (".cpp", ".h", ".cc", ".i")
SPDX = "SPDX-License-Identifier: MIT"
# CMake cannot break long texts and regular expressions.
MAX_COLUMNS = 120
MAX_LINES = 400
# Longest CMakeLists.txt: the top one, and all others.
MAX_TOP_CMAKE, MAX_CMAKE = 150, 110
TOP = ("CMakeLists.txt", "Makefile")


def firstSentence(path, lines):
    """The first sentence of a file: the comment or docstring below the SPDX line."""
    mark = "//" if path.endswith(CODE) else "#"
    words = []
    for line in lines[:8]:
        text = line.strip()
        if SPDX in text or text.startswith("#!") or not text:
            continue
        if text.startswith(mark) or text.startswith(('"""', "%module(docstring", "/*", "*")):
            words.append(text.lstrip("/#*\" "))
            continue
        break
    return " ".join(words)


def check(root):
    faults = []
    paths = listFiles(root, CODE + (".py", ".cmake", "CMakeLists.txt"))
    paths += listFiles(root, ("run", "packages", "venv"), (".ci",))
    try:
        paths += [path for path in TOP if readText(root, path) is not None]
    except FileNotFoundError:
        pass
    for path in paths:
        text = readText(root, path)
        if not text and path.endswith("__init__.py"):
            continue
        lines = text.split("\n")
        isCMake = path.endswith((".cmake", "CMakeLists.txt"))
        limit = MAX_LINES
        if path == "CMakeLists.txt":
            limit = MAX_TOP_CMAKE
        elif path.endswith("CMakeLists.txt"):
            limit = MAX_CMAKE
        if len(lines) - 1 > limit:
            faults.append(f"{path}: {len(lines) - 1} lines, at most {limit} are allowed; split it by topic")
        if not isCMake and not any(SPDX in line for line in lines[:2]):
            faults.append(f"{path}:1: the SPDX line is missing")
        if len(re.findall(r"\w+", firstSentence(path, lines))) < 3:
            faults.append(f"{path}:1: the first sentence, which says what the file is for, is missing")
        if not text.endswith("\n") or text.endswith("\n\n"):
            faults.append(f"{path}: the file must end with one line break")
        for number, line in enumerate(lines, 1):
            if "\t" in line and path != "Makefile":
                faults.append(f"{path}:{number}: tab")
            if len(line) > MAX_COLUMNS and not (isCMake or path == "Makefile"):
                faults.append(f"{path}:{number}: {len(line)} columns, at most {MAX_COLUMNS} are allowed")
            if line != line.rstrip():
                faults.append(f"{path}:{number}: blanks at the end of the line")
    return faults


GOOD = "// " + SPDX + "\n// A file that is as it should be.\nint value;\n"
run(check, [
    ({"openmmapi/src/A.cpp": GOOD}, 0),
    ({"python/openmmorbit/a.py": "# " + SPDX + '\n"""What this module is for."""\n'}, 0),
    ({"openmmapi/src/A.cpp": GOOD.replace("// " + SPDX + "\n", "")}, 1),
    ({"openmmapi/src/A.cpp": "// " + SPDX + "\nint value;\n"}, 1),
    ({"openmmapi/src/A.cpp": GOOD + "\tint other;\n"}, 1),
    ({"openmmapi/src/A.cpp": GOOD + "int other; \n"}, 1),
    ({"openmmapi/src/A.cpp": GOOD + "// " + "x" * 118 + "\n"}, 1),
    ({"openmmapi/src/A.cpp": GOOD + "int a;\n" * 400}, 1),
    ({"openmmapi/src/A.cpp": GOOD + "\n"}, 1),
    ({"openmmapi/CMakeLists.txt": "# A short list of the sources.\n" + "x()\n" * 120}, 1),
])
