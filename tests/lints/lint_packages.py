# SPDX-License-Identifier: MIT
"""Packages: what pyproject.toml asks for is what the tests install, extras included, and what the conda recipe has."""

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
RECIPE = ".conda/recipe.yaml"
# What conda calls the libraries that the trainer links.
CONDA_NAMES = {"torch": "libtorch"}


def readName(requirement):
    """The name of a requirement, as the package index compares names; extras of that package count."""
    name = re.match(r"[\w.-]+(\[[\w, -]+\])?", requirement.strip()).group(0)
    return re.sub(r"[-_.]+", "-", name).lower()


def checkRecipe(recipe, project):
    """The recipe has the version, the requirements and the bounds of the package and of its trainer."""
    faults = []
    if f'version: "{project["version"]}"' not in recipe:
        faults.append(f"{RECIPE}: expected version {project['version']}")
    for requirement in project.get("dependencies", []) + project.get("optional-dependencies", {}).get("train", []):
        name, bounds = re.fullmatch(r"([\w-]+)(.*)", requirement).groups()
        line = f"- {CONDA_NAMES.get(name, name)} {bounds}".strip()
        if line not in [text.strip() for text in recipe.splitlines()]:
            faults.append(f"{RECIPE}: expected \"{line}\", as pyproject.toml has it")
    return faults


def check(root):
    project = tomllib.loads(readText(root, "pyproject.toml"))["project"]
    wanted = {"dependencies": project.get("dependencies", []), **project.get("optional-dependencies", {})}
    installed = set()
    for path in REQUIREMENTS:
        if os.path.exists(os.path.join(root, path)):
            lines = readText(root, path).splitlines()
            installed.update(readName(line) for line in lines if line.strip() and not line.startswith(("#", "-")))
    faults = []
    if os.path.exists(os.path.join(root, RECIPE)):
        faults = checkRecipe(readText(root, RECIPE), project)
    missing = [(group, requirement) for group, requirements in wanted.items() for requirement in requirements
               if readName(requirement) not in installed and not requirement.startswith(DEVICES)]
    return faults + [f"pyproject.toml: {group} asks for {requirement}, which no file of "
                     f"{', '.join(REQUIREMENTS)} installs" for group, requirement in missing]


PROJECT = '[project]\ndependencies = ["numpy"]\n[project.optional-dependencies]\n' \
          'plot = ["Mat_Plot>=3", "dask[distributed]"]\n'
PINNED = '[project]\nversion = "1.0"\ndependencies = ["openmm>=8,<9"]\n' \
         '[project.optional-dependencies]\ntrain = ["torch>=2,<3"]\n'
INSTALLED = {".ci/requirements.txt": "openmm\ntorch\n"}
GOOD_RECIPE = 'context:\n  version: "1.0"\n  run:\n    - openmm >=8,<9\n    - libtorch >=2,<3\n'
run(check, [
    ({"pyproject.toml": PINNED, **INSTALLED, RECIPE: GOOD_RECIPE}, 0),
    ({"pyproject.toml": PINNED, **INSTALLED, RECIPE: GOOD_RECIPE.replace("1.0", "1.1").replace("<3", "<4")}, 2),
    ({"pyproject.toml": PROJECT, ".ci/requirements.txt": "# base\nnumpy\nmat-plot\n",
      ".ci/requirements-test.txt": "dask[distributed]\n"}, 0),
    ({"pyproject.toml": PROJECT, ".ci/requirements.txt": "numpy==2\nmat.plot\n",
      ".ci/requirements-test.txt": "dask\n"}, 1),
    ({"pyproject.toml": PROJECT, ".ci/requirements.txt": ""}, 3),
    ({"pyproject.toml": PROJECT.replace("Mat_Plot>=3", "openmm[cuda13]"), ".ci/requirements.txt": "numpy\n",
      ".ci/requirements-torch.txt": "dask[distributed]\n"}, 0),
])
