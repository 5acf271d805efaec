# SPDX-License-Identifier: MIT
"""Fit the tables of the backbone builder to native backbones: where peptide planes lie between CA atoms, and how
probable conformations of residues are.

    python tests/benchmarks/fit_peptides.py backbones_train.npz openmmapi/src/backbone

The npz file has xyz_i16 [numResidues, 4, 3] (N, CA, C, O) times scale, in Angstrom, seq (bytes), the offsets of the
chains, and their split; chains of split 0 are used. Writes PeptideTable.cpp and ConformationTable.cpp.
"""

import base64
import pathlib
import sys

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

#: The grid over distances of next neighbours, Angstrom, and the dihedral angle of four CA atoms; as in PeptideTable.h.
NUM_DISTANCES, LOWEST, HIGHEST, NUM_DIHEDRALS, NUM_CIS = 10, 4.9, 7.5, 30, 12
NUM_MODES = 3
#: Samples around the middle of a cell that its modes are made of, and scales of their distance.
NUM_SAMPLES, SCALE_DISTANCE, SCALE_DIHEDRAL = 150, 0.15, 8
#: Widths in degrees: of the smoothing that finds the modes, and the least spread of a mode.
SMOOTHING, MIN_SPREAD = 12, 4
SOURCE = "domains of the PDB (coordinates CC0; domains of CATH: CC BY 4.0)"
#: Bins of phi and psi, 10 degrees each.
NUM_BINS = 36


def unitVector(v):
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def dihedral(a, b, c, d):
    """The dihedral angle in degrees, from -180 to 180."""
    u, v, w = b - a, c - b, d - c
    x = (np.cross(u, v) * np.cross(v, w)).sum(-1)
    y = np.linalg.norm(v, axis=-1) * (u * np.cross(v, w)).sum(-1)
    return np.degrees(np.arctan2(y, x))


def wrap(angle):
    return (angle + 180) % 360 - 180


def planeAngle(chain, unit, reference):
    """The angle in degrees of the peptide planes about the axes between CA atoms, from a reference direction to C."""
    start, end = chain[unit, 1], chain[unit + 1, 1]
    axis = unitVector(end - start)

    def across(v):
        return unitVector(v - (v * axis).sum(-1, keepdims=True) * axis)
    # In a trans peptide C and N lie on either side of the axis, in a cis peptide on the same.
    isTrans = np.linalg.norm(end - start, axis=-1, keepdims=True) > 3.3
    plane = across((chain[unit, 2] - start) - np.where(isTrans, 1, -1) * (chain[unit + 1, 0] - end))
    zero = across(reference)
    return np.degrees(np.arctan2((plane * np.cross(axis, zero)).sum(-1), (plane * zero).sum(-1)))


def collect(path):
    """Keys and plane angles of trans units, of cis units, and phi, psi and letters of residues."""
    data = np.load(path)
    positions = data["xyz_i16"].astype(float) * float(data["scale"])
    trans, cis, residues = [], [], []
    for index in np.flatnonzero(data["split"] == 0):
        span = slice(data["offset"][index], data["offset"][index + 1])
        chain, letters = positions[span], data["seq"][span]
        ca, unit = chain[:, 1], np.arange(1, len(chain) - 2)
        lengths = np.linalg.norm(ca[1:] - ca[:-1], axis=1)
        keys = np.stack([np.linalg.norm(ca[unit - 1] - ca[unit + 1], axis=1),
                         np.linalg.norm(ca[unit] - ca[unit + 2], axis=1),
                         dihedral(ca[unit - 1], ca[unit], ca[unit + 1], ca[unit + 2]),
                         planeAngle(chain, unit, ca[unit + 2] - ca[unit + 1]),
                         planeAngle(chain, unit, ca[unit - 1] - ca[unit])], 1)
        regular = np.abs(lengths - 3.8) < 0.25
        trans.append(keys[regular[unit - 1] & regular[unit] & regular[unit + 1]])
        cis.append(keys[lengths[unit] < 3.3])
        middle = chain[1:-1]
        residues.append(np.stack([dihedral(chain[:-2, 2], middle[:, 0], middle[:, 1], middle[:, 2]),
                                  dihedral(middle[:, 0], middle[:, 1], middle[:, 2], chain[2:, 0]),
                                  letters[1:-1]], 1))
    return np.concatenate(trans), np.concatenate(cis), np.concatenate(residues)


def findModes(angles, weights):
    """Up to NUM_MODES modes of weighted angles: weight, mean and spread of each, the heaviest first."""
    grid = np.arange(-180, 180, 2.5)
    density = (weights[:, None] * np.exp(-0.5 * (wrap(grid[None] - angles[:, None]) / SMOOTHING) ** 2)).sum(0)
    peaks = grid[(density > np.roll(density, 1)) & (density >= np.roll(density, -1)) & (density > 0.02 * density.max())]
    owner = np.abs(wrap(angles[:, None] - peaks[None])).argmin(1)
    modes = []
    for number, peak in enumerate(peaks):
        own = owner == number
        if not own.any():
            continue
        share, differences = weights[own].sum(), wrap(angles[own] - peak)
        mean = (weights[own] * differences).sum() / share
        spread = np.sqrt((weights[own] * (differences - mean) ** 2).sum() / share)
        modes.append((share / weights.sum(), wrap(peak + mean), max(spread, MIN_SPREAD)))
    modes = sorted(modes, reverse=True)[:NUM_MODES]
    return np.array(modes + [(0.0, 0.0, 10.0)] * (NUM_MODES - len(modes)))


def embed(keys):
    """Distances and dihedral angles as points whose distances tell how alike they are."""
    radius, angle = np.degrees(1) / SCALE_DIHEDRAL, np.radians(keys[:, 2])
    return np.stack([keys[:, 0] / SCALE_DISTANCE, keys[:, 1] / SCALE_DISTANCE, radius * np.cos(angle),
                     radius * np.sin(angle)], 1)


def fitCells(samples, queries, angles):
    """Modes around each query, from the samples that are nearest to it."""
    distances, nearest = cKDTree(samples).query(queries, NUM_SAMPLES)
    weights = np.exp(-0.5 * (distances / np.maximum(distances[:, 40:41], 0.8)) ** 2)
    return np.array([findModes(angles[row], weight) for row, weight in zip(nearest, weights)])


def packModes(modes):
    """Three bytes a mode: weight / 255, mean in 256ths of a turn, spread in quarters of a degree."""
    weight, mean, spread = np.moveaxis(modes, -1, 0)
    return np.stack([np.round(255 * weight), np.round(mean / 360 * 256) % 256,
                     np.clip(np.round(4 * spread), 1, 255)], -1).astype(np.uint8).tobytes()


def makePeptideBytes(trans, cis):
    step = (HIGHEST - LOWEST) / NUM_DISTANCES
    middles = LOWEST + step * (np.arange(NUM_DISTANCES) + 0.5)
    dihedrals = -180 + 360 / NUM_DIHEDRALS * (np.arange(NUM_DIHEDRALS) + 0.5)
    cells = np.stack(np.meshgrid(middles, middles, dihedrals, indexing="ij"), -1).reshape(-1, 3)
    result = packModes(fitCells(embed(trans), embed(cells), trans[:, 3]))
    for column, angle in ((1, 3), (0, 4)):  # the first unit of a chain, and the last one
        result += packModes(fitCells(trans[:, column:column + 1] / SCALE_DISTANCE, middles[:, None] / SCALE_DISTANCE,
                                     trans[:, angle]))
    centres = -180 + 360 / NUM_CIS * (np.arange(NUM_CIS) + 0.5)
    result += packModes(np.array([findModes(cis[:, 3], np.exp(-0.5 * (wrap(cis[:, 2] - centre) / 20) ** 2) + 1e-4)
                                  for centre in centres]))
    # Logarithms of the counts of cells, smoothed.
    place = [np.clip(((trans[:, k] - LOWEST) / step).astype(int), 0, NUM_DISTANCES - 1) for k in (0, 1)]
    place.append(((trans[:, 2] + 180) / 360 * NUM_DIHEDRALS).astype(int) % NUM_DIHEDRALS)
    counts = np.zeros((NUM_DISTANCES, NUM_DISTANCES, NUM_DIHEDRALS))
    np.add.at(counts, tuple(place), 1)
    counts = gaussian_filter(counts, 0.5, mode=("nearest", "nearest", "wrap"))
    return result + np.round(16 * np.log(1 + counts)).astype(np.uint8).tobytes()


def makeConformationBytes(residues):
    """Logarithms of densities over phi and psi, relative to a uniform one: (byte - 128) / 16."""
    letters, result = residues[:, 2].astype(int), b""
    isGlycine, isProline = letters == ord("G"), letters == ord("P")
    for chosen in (letters > 0, ~isGlycine & ~isProline, isGlycine, isProline):
        counts, _, _ = np.histogram2d(residues[chosen, 0], residues[chosen, 1], NUM_BINS, [[-180, 180]] * 2)
        counts = gaussian_filter(counts, 0.7, mode="wrap")
        counts += 2e-5 * counts.sum() / NUM_BINS
        density = np.log(counts / counts.mean())
        result += np.clip(np.round(128 + 16 * density), 0, 255).astype(np.uint8).tobytes()
    return result


def write(path, data, sentences):
    text = base64.b64encode(data).decode()
    lines = [f'    "{text[start:start + 112]}"' for start in range(0, len(text), 112)]
    path.write_text("// SPDX-License-Identifier: MIT\n" + "".join(f"// {sentence}\n" for sentence in sentences)
                    + '#include "PeptideTable.h"\n\nnamespace OrbitPlugin {\n\nconst char* const '
                    + f"{path.stem[0].lower() + path.stem[1:]}Text =\n" + "\n".join(lines)
                    + ";\n\n} // namespace OrbitPlugin\n")


def main(source, folder):
    trans, cis, residues = collect(source)
    folder = pathlib.Path(folder)
    write(folder / "PeptideTable.cpp", makePeptideBytes(trans, cis), [
        "Where peptide planes lie between CA atoms, written by tests/benchmarks/fit_peptides.py.",
        f"From {len(trans)} trans and {len(cis)} cis peptides of {SOURCE}."])
    write(folder / "ConformationTable.cpp", makeConformationBytes(residues), [
        "How probable phi and psi of residues are, written by tests/benchmarks/fit_peptides.py.",
        f"From {len(residues)} residues of {SOURCE}."])


if __name__ == "__main__":
    main(*sys.argv[1:])
