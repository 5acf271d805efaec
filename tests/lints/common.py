# SPDX-License-Identifier: MIT
"""What the lints share: the list of files, C++ without comments and strings, and the two ways to run a lint."""

import os
import re
import sys
import tempfile

FOLDERS = ("openmmapi", "platforms", "serialization", "wrappers", "python", "tests", ".ci")
IGNORED = {"build", "__pycache__", ".pytest_cache", ".venv", "golden"}


def listFiles(root, extensions, folders=FOLDERS):
    """Paths relative to root, with forward slashes, of the files whose names end with one of the extensions."""
    found = []
    for folder in folders:
        for path, subfolders, names in os.walk(os.path.join(root, folder)):
            subfolders[:] = sorted(name for name in subfolders if name not in IGNORED)
            for name in sorted(names):
                if name.endswith(extensions):
                    found.append(os.path.relpath(os.path.join(path, name), root).replace(os.sep, "/"))
    return found


def readText(root, path):
    """The text of a file."""
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]{0,16})\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S
)


def stripCode(text, keepStrings=False):
    """C++ code with comments (and, unless kept, the contents of strings) blanked out; line numbers stay."""

    def blank(match):
        token = match.group(0)
        if token.startswith("/"):
            return re.sub(r"[^\n]", " ", token)
        if keepStrings:
            return token
        return '"' + re.sub(r"[^\n]", " ", token[1:-1]) + '"'

    return TOKENS.sub(blank, text)


def lineOf(text, position):
    """The number of the line that holds a position."""
    return text.count("\n", 0, position) + 1


def run(check, samples):
    """
    Run a lint from the command line: `lint_x.py ROOT` checks a tree, `lint_x.py --self-test` the lint itself.

    check(root) returns a list of faults. samples is a list of (files, expected number of faults): files maps paths to
    texts, which are written into an empty tree. At least one sample must have faults, and one none.
    """
    if len(sys.argv) != 2:
        sys.exit(f"usage: {os.path.basename(sys.argv[0])} ROOT | --self-test")
    if sys.argv[1] != "--self-test":
        faults = check(sys.argv[1])
        for fault in faults:
            print(fault)
        sys.exit(1 if faults else 0)
    if not any(count for _, count in samples) or all(count for _, count in samples):
        sys.exit("a self-test needs samples with and without faults")
    for files, count in samples:
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)) or root, exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            faults = check(root)
        if len(faults) != count:
            sys.exit(f"self-test: expected {count} faults, got {len(faults)} for {files}:\n" + "\n".join(faults))
    print(f"{len(samples)} samples judged as expected")
