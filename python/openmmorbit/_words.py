# SPDX-License-Identifier: MIT
"""What SWIG says about wrong arguments, in one sentence without the types of C++."""
from __future__ import annotations

import re

_kinds = {"std::string": "a str", "int": "an int", "double": "a float", "bool": "a bool", "long long": "an int"}


def _kind(cpp: str) -> str:
    """Get the Python word for a C++ type."""
    plain = re.sub(r"\bconst\b|[&*]|\bvalue\b", "", cpp).strip()
    if plain in _kinds:
        return _kinds[plain]
    if "std::vector" in plain or "std::array" in plain:
        return "a sequence"
    if "std::map" in plain:
        return "a dict"
    return plain.split("::")[-1] or "another type"


def _name(function: str) -> str:
    """Get Class.method, or Class for its constructor."""
    return function[4:] if function.startswith("new_") else function.replace("_", ".", 1)


def _arguments(prototype: str) -> str:
    """Get the arguments of a C++ prototype as Python's words."""
    inner = prototype[prototype.index("(") + 1:prototype.rindex(")")]
    words, depth, start = [], 0, 0
    for place, character in enumerate(inner + ","):
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            words.append(inner[start:place].strip())
            start = place + 1
    return f"({', '.join(_kind(word) for word in words if word)})"


def explainArguments(message: str) -> str:
    """Turn SWIG's message about wrong arguments into a sentence.

    Parameters
    ----------
    message : str
        "in method 'f', argument 2 of type 'T'", or "Wrong number or type of arguments for overloaded function 'f'" with
        its prototypes; another message is returned as it is.

    Returns
    -------
    str
    """
    found = re.match(r"in method '(\w+)', argument (\d+) of type '([^']+)'", message)
    if found:
        name, number = found[1], int(found[2])
        if name.endswith("_set"):
            return f"{_name(name[:-4])}: expected {_kind(found[3])}, got another type"
        place = number if name.startswith("new_") or "_" not in name else number - 1
        return f"{_name(name)}: expected {_kind(found[3])} as argument {place}, got another type"
    found = re.match(r"Wrong number or type of arguments for overloaded function '(\w+)'", message)
    if found:
        prototypes = [line.strip() for line in message.splitlines()[2:] if "(" in line]
        choices = list(dict.fromkeys(_arguments(prototype) for prototype in prototypes))
        return f"{_name(found[1])}: expected the arguments {' or '.join(choices)}, got others"
    return message
