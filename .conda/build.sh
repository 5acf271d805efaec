#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the conda package: pip's way of running CMake, with OpenMM, RDKit and LibTorch from the environment's own folders.
set -euo pipefail

# From site-packages/openmmorbit/{lib,plugins,bin}, and from the modules above them, to the environment's libraries.
lib='$ORIGIN/../../../..'
rpath="$lib;$lib/plugins;"'$ORIGIN/../../..'

"$PYTHON" -m pip install . -v --no-deps --no-build-isolation \
    --config-settings "cmake.define.CMAKE_PREFIX_PATH=$PREFIX" \
    --config-settings "cmake.define.OPENMM_DIR=$PREFIX" \
    --config-settings "cmake.define.TORCH_DIR=$PREFIX" \
    --config-settings "cmake.define.ORBIT_BUILD_TRAINING=ON" \
    --config-settings "cmake.define.ORBIT_INSTALL_RPATH=$rpath" \
    --config-settings "cmake.define.SWIG_EXECUTABLE=$(command -v swig)"
