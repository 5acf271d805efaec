# SPDX-License-Identifier: MIT
"""Python packages: what pyproject.toml asks for, extras included, is what the tests install."""

import os
import re

from common import readText, run

try:
    import tomllib
except ImportError:  # before Python 3.11: a package that pytest brings along
    import tomli as tomllib

REQUIREMENTS = (".ci/requirements.txt", ".ci/requirements-test.txt", ".ci/requirements-torch.txt",
                ".ci/requirements-docs.txt")
# OpenMM's libraries for GPUs: the tests install one version of each kind, without what only a device needs.
DEVICES = "openmm["


def readName(requirement):
    """The name of a requirement, as the package index compares names; extras of that package count."""
    name = re.match(r"[\w.-]+(\[[\w, -]+\])?", requirement.strip()).group(0)
    return re.sub(r"[-_.]+", "-", name).lower()


def check(root):
    project = tomllib.loads(readText(root, "pyproject.toml"))["project"]
    wanted = {"dependencies": project.get("dependencies", []), **project.get("optional-dependencies", {})}
    installed = set()
    for path in REQUIREMENTS:
        if os.path.exists(os.path.join(root, path)):
            lines = readText(root, path).splitlines()
            installed.update(readName(line) for line in lines if line.strip() and not line.startswith(("#", "-")))
    return [f"pyproject.toml: {group} asks for {requirement}, which no file of {', '.join(REQUIREMENTS)} installs"
            for group, requirements in wanted.items() for requirement in requirements
            if readName(requirement) not in installed and not requirement.startswith(DEVICES)]


PROJECT = '[project]\ndependencies = ["numpy"]\n[project.optional-dependencies]\n' \
          'plot = ["Mat_Plot>=3", "dask[distributed]"]\n'
run(check, [
    ({"pyproject.toml": PROJECT, ".ci/requirements.txt": "# base\nnumpy\nmat-plot\n",
      ".ci/requirements-test.txt": "dask[distributed]\n"}, 0),
    ({"pyproject.toml": PROJECT, ".ci/requirements.txt": "numpy==2\nmat.plot\n",
      ".ci/requirements-test.txt": "dask\n"}, 1),
    ({"pyproject.toml": PROJECT, ".ci/requirements.txt": ""}, 3),
    ({"pyproject.toml": PROJECT.replace("Mat_Plot>=3", "openmm[cuda13]"), ".ci/requirements.txt": "numpy\n",
      ".ci/requirements-torch.txt": "dask[distributed]\n"}, 0),
])
