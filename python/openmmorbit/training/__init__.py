# SPDX-License-Identifier: MIT
"""Training runs and their reports. train() loads LibTorch; buildDataset() loads RDKit's C++ libraries."""
from openmmorbit.data.shards import buildDataset, coordinateEndings
from openmmorbit.training.trainer import addTrainingCounts, train

__all__ = ["addTrainingCounts", "buildDataset", "coordinateEndings", "train"]
