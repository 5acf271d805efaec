# SPDX-License-Identifier: MIT
"""Python style and types: runs ruff and mypy with the settings of pyproject.toml."""

import os
import subprocess
import sys

from common import run


def runTool(root, name, *arguments):
    """Run a package of the Python that runs the lint; get the lines that it prints."""
    result = subprocess.run([sys.executable, "-m", name, *arguments], cwd=root, capture_output=True, text=True)
    if f"No module named {name}" in result.stderr:
        print(f"{name} is not installed: nothing was checked")
        sys.exit(77)
    return (result.stdout + result.stderr).strip().splitlines()


def check(root):
    folders = [name for name in ("python", "wrappers", "tests") if os.path.isdir(os.path.join(root, name))]
    faults = runTool(root, "ruff", "check", "--no-cache", "--quiet", "--output-format=concise", *folders)
    if os.path.isdir(os.path.join(root, "python", "openmmorbit")):
        faults += [line for line in runTool(root, "mypy", "--cache-dir", os.devnull, "--no-error-summary",
                                            "--hide-error-context") if not line.startswith("Success")]
    return faults


CONFIG = """[tool.ruff.lint]
select = ["E", "F"]
[tool.mypy]
files = ["python/openmmorbit"]
mypy_path = ["python"]
disallow_untyped_defs = true
"""
MODULE = "python/openmmorbit/__init__.py"
run(check, [
    ({"pyproject.toml": CONFIG, "python/a.py": "import os\n\nprint(os.sep)\n"}, 0),
    ({"pyproject.toml": CONFIG, "python/a.py": "import os\n"}, 1),
    ({"pyproject.toml": CONFIG, MODULE: "def double(x: int) -> int:\n    return 2 * x\n"}, 0),
    ({"pyproject.toml": CONFIG, MODULE: "def double(x):\n    return 2 * x\n"}, 1),
    ({"pyproject.toml": CONFIG, MODULE: "def double(x: int) -> int:\n    return str(x)\n"}, 1),
])
