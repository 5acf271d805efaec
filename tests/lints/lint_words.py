# SPDX-License-Identifier: MIT
"""Words and constructs that do not belong into the code, each with the reason."""

import re

from common import lineOf, listFiles, readText, run, stripCode

LIBRARIES = ("openmmapi/include/", "openmmapi/src/", "platforms/", "serialization/")
CODE = (".cpp", ".h", ".cc")

# (pattern, reason, True if it is forbidden in the libraries only)
IN_CODE = [
    (r"\b(?:f|s|sn|v|vsn)?printf\s*\(", "printf: use streams, and print in programs only", False),
    (r"\bcatch\s*\(\s*\.\.\.\s*\)", "a catch of everything hides faults", False),
    (r"\bnew\s+[A-Za-z_(]", "bare new: use make_unique, with release() where OpenMM takes ownership", False),
    (r"(?<!=)(?<!= )(?<!operator )\bdelete\b", "bare delete: use an owner", False),
    (r"\busing\s+namespace\s+std\b", "using namespace std", False),
    (r"(?m)^[ \t]*\}[ \t]*else\b", "else stands on its own line", False),
    (r"\b(?:malloc|calloc|realloc)\s*\(", "use a vector", False),
    (r"\bstd::(?:cout|cerr|clog)\b", "a library does not print", True),
    (r"(?<![\w.:>])(?:std::)?(?:exit|abort|_Exit)\s*\(", "a library does not end the program", True),
    (r"\b(?:srand|mt19937)\b", "random numbers come from the counter-based generator", True),
]
# In every text, comments included. Written in pieces, so that this file passes its own lint.
IN_TEXT = [
    (r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b", "unfinished work belongs into an issue"),
    (r"(?i)\b(?:place" r"holder|ha" r"cky?|st" r"ubs?)\b", "a word for unfinished work"),
    (r"(?<![\w.])/(?:wo" r"rk|ho" r"me|ro" r"ot)/", "a path of somebody's machine"),
    (r"-ffast" r"-math|-Ofa" r"st", "changes results"),
]


def check(root):
    faults = []
    for path in listFiles(root, CODE + (".py", ".i", ".md", ".cmake", "CMakeLists.txt")):
        text = readText(root, path)
        for pattern, reason in IN_TEXT:
            for match in re.finditer(pattern, text):
                if not path.startswith("tests/lints/"):
                    faults.append(f"{path}:{lineOf(text, match.start())}: \"{match.group(0)}\": {reason}")
        if not path.endswith(CODE):
            continue
        code = stripCode(text)
        inLibrary = path.startswith(LIBRARIES) and "/tests/" not in path and not path.endswith("/main.cpp")
        for pattern, reason, libraryOnly in IN_CODE:
            if libraryOnly and not inLibrary:
                continue
            for match in re.finditer(pattern, code):
                faults.append(f"{path}:{lineOf(code, match.start())}: \"{match.group(0).strip()}\": {reason}")
        if path.endswith(".h"):
            for match in re.finditer(r"(?m)^\s*using\s+namespace\b", code):
                faults.append(f"{path}:{lineOf(code, match.start())}: a header does not open namespaces")
    return faults


A = "openmmapi/src/A.cpp"
run(check, [
    ({A: "A(const A&) = delete;\nauto p = make_unique<X>(new_size); // new and delete, printf(\n"}, 0),
    ({A: "const char* text = \"a new method; catch (...) and printf(x)\";\n"}, 0),
    ({A: "}\nelse {\n}\n"}, 0),
    ({A: "} else {\n"}, 1),
    ({A: "auto p = new X();\n"}, 1),
    ({A: "delete p;\n"}, 1),
    ({A: "printf(\"x\");\n"}, 1),
    ({A: "try { } catch (...) { }\n"}, 1),
    ({A: "std::cout << 1;\n"}, 1),
    ({"openmmapi/examples/A.cpp": "std::cout << 1;\n"}, 0),
    ({A: "exit(1);\n"}, 1),
    ({A: "using namespace std;\n"}, 1),
    ({"openmmapi/include/openmmorbit/A.h": "using namespace OpenMM;\n"}, 1),
    ({A: "// TO" + "DO: later\n"}, 1),
    ({"openmmapi/docs/a.md": "see /ro" + "ot/x\n"}, 1),
])
