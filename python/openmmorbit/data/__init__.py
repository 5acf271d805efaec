# SPDX-License-Identifier: MIT
"""Data sets for training: ensembles of minima from SMILES, and shards of files of ensembles."""
