# SPDX-License-Identifier: MIT
"""Length of functions in C++, device sources and Python, as lizard counts it: lines of code, without comments, blank
lines and docstrings."""

import os
import sys

from common import FOLDERS, listFiles, run

try:
    import lizard
except ImportError:
    print("lizard is not installed: nothing was checked")
    sys.exit(77)

MAX_LINES = 60
# Device sources, by the language whose functions look like theirs.
ENDINGS = (".cpp", ".h", ".cc", ".py")


def check(root):
    faults = []
    for path in listFiles(root, ENDINGS, FOLDERS):
        for function in lizard.analyze_file(os.path.join(root, path)).function_list:
            if function.nloc > MAX_LINES:
                faults.append(f"{path}:{function.start_line}: {function.name} has {function.nloc} lines of code, at "
                              f"most {MAX_LINES} are allowed; split it")
    return faults


def cpp(count):
    return "int add(int a) {\n" + "    a += 1;\n" * count + "    return a;\n}\n"


def python(count, docstring=0):
    return 'def add(a):\n    """Add.\n' + "    More.\n" * docstring + '    """\n' + "    a += 1\n" * count + \
        "    return a\n"


run(check, [
    ({"openmmapi/src/A.cpp": cpp(57)}, 0),
    ({"openmmapi/src/A.cpp": cpp(58)}, 1),
    ({"openmmapi/src/A.cpp": cpp(40) + "\n" + cpp(40).replace("add", "addMore")}, 0),
    ({"platforms/common/src/kernels/a.cc": cpp(58).replace("int add(", "KERNEL void add(")}, 1),
    ({"python/openmmorbit/a.py": python(58, 30)}, 0),
    ({"python/openmmorbit/a.py": python(59)}, 1),
])
