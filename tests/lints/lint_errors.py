# SPDX-License-Identifier: MIT
"""Error texts: `Class::method: expected <what>, got <value>[; <what to do>]`, lower case, no full stop."""

import re

from common import lineOf, listFiles, readText, run, stripCode

THROW = re.compile(r"\bthrow\s+(?:[A-Za-z_]+::)*(ArgumentError|OpenMMException)\s*\(")
LITERAL = re.compile(r'"((?:\\.|[^"\\\n])*)"')
# Texts that OpenMM's own integrators throw; users search for them.
OPENMM_TEXTS = ("This Integrator is ",)
PREFIX = re.compile(r"^[A-Za-z_]\w*(?:(?:::|\.)\w+)*: ")


def arguments(code, start):
    """The text between the parenthesis that opens before start and its partner."""
    depth, position, inString = 1, start, False
    while position < len(code) and depth:
        character = code[position]
        if inString:
            if character == "\\":
                position += 1
            elif character == '"':
                inString = False
        elif character == '"':
            inString = True
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        position += 1
    return code[start:position - 1]


def check(root):
    faults = []
    for path in listFiles(root, (".cpp", ".h"), ("openmmapi", "platforms", "serialization")):
        if "/tests/" in path or "/examples/" in path:
            continue
        code = stripCode(readText(root, path), keepStrings=True)
        for match in THROW.finditer(code):
            kind, text = match.group(1), arguments(code, match.end())
            literals = LITERAL.findall(text)
            place = f"{path}:{lineOf(code, match.start())}"
            if not literals or ".what()" in text or literals[0].startswith(OPENMM_TEXTS):
                continue
            startsLiteral = re.match(r'\s*(?:std::string\s*\(\s*)?"', text) is not None
            if startsLiteral and not PREFIX.match(literals[0]):
                # A prefix that is put together: "Class::"+method+": expected".
                if not re.match(r"^[A-Za-z_]\w*::$", literals[0]):
                    faults.append(f"{place}: the text must begin with \"Class::method: \", got \"{literals[0]}\"")
                    continue
            if kind == "ArgumentError" and "expected " not in "".join(literals):
                faults.append(f"{place}: the text must say what was expected and what was got")
            afterPrefix = PREFIX.sub("", literals[0]) if startsLiteral else ""
            if re.match(r"[A-Z][a-z]+ [a-z]", afterPrefix):
                faults.append(f"{place}: the text goes on in lower case after the colon, got \"{afterPrefix}\"")
            if text.rstrip().endswith('"') and re.search(r"[^.]\.$", literals[-1]):
                faults.append(f"{place}: the text ends without a full stop")
    return faults


A = "openmmapi/src/A.cpp"
run(check, [
    ({A: 'throw ArgumentError("A::b: expected at least 1 step, got "+std::to_string(n));\n'}, 0),
    ({A: 'throw ArgumentError(where+": expected a number, got \\""+text+"\\"");\n'}, 0),
    ({A: 'throw ArgumentError("A::"+method+": expected a number, got none");\n'}, 0),
    ({A: 'throw OpenMMException("A::b: the plugins are missing; import openmmorbit first");\n'}, 0),
    ({A: "throw ArgumentError(message);\n"}, 0),
    ({A: 'throw ArgumentError("A::b: record 3: "+std::string(error.what()));\n'}, 0),
    ({A: 'throw ArgumentError("wrong number of steps");\n'}, 1),
    ({A: 'throw ArgumentError("A::b: wrong number of steps");\n'}, 1),
    ({A: 'throw ArgumentError("A::b: expected at least 1 step.");\n'}, 1),
    ({A: 'throw OpenMM::OpenMMException("A::b: The plugins are missing");\n'}, 1),
])
