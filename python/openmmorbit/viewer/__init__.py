# SPDX-License-Identifier: MIT
"""A gallery of molecules, systems and backbones in one HTML file, and in notebooks."""
