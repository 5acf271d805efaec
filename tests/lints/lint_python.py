# SPDX-License-Identifier: MIT
"""Python style: runs ruff with the settings of pyproject.toml."""

import os
import subprocess
import sys

from common import run


def check(root):
    folders = [name for name in ("python", "wrappers", "tests") if os.path.isdir(os.path.join(root, name))]
    result = subprocess.run([sys.executable, "-m", "ruff", "check", "--no-cache", "--quiet", "--output-format=concise",
                             *folders], cwd=root, capture_output=True, text=True)
    if "No module named ruff" in result.stderr:
        print("ruff is not installed: nothing was checked")
        sys.exit(77)
    return (result.stdout + result.stderr).strip().splitlines()


CONFIG = '[tool.ruff.lint]\nselect = ["E", "F"]\n'
run(check, [
    ({"pyproject.toml": CONFIG, "python/a.py": "import os\n\nprint(os.sep)\n"}, 0),
    ({"pyproject.toml": CONFIG, "python/a.py": "import os\n"}, 1),
])
