# SPDX-License-Identifier: MIT
"""What the tests of data sets share: quick settings, and readers of what was written."""
import gzip

from openmmorbit import orbit
from openmmorbit.data.settings import EnsembleSettings

mmff = EnsembleSettings("mmff", numStarts=6, maxMinima=4)


def readShards(paths):
    found = []
    for path in paths:
        reader, record = orbit.ShardReader(str(path)), orbit.ShardRecord()
        while reader.next(record):
            found.append((record.graph.smiles, record.getNumConformers(), record.condition))
    return found


def readRecords(folder):
    texts = [gzip.open(path, "rt").read() for path in sorted(folder.glob("ensembles-*.sdf.gz"))]
    return "".join(texts).split("$$$$\n")[:-1]
