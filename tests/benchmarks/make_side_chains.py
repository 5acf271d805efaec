# SPDX-License-Identifier: MIT
"""Write the side chains of the backbone builder: how their atoms follow one another, and their rotamers.

    git clone https://github.com/rlabduke/reference_data
    python tests/benchmarks/make_side_chains.py reference_data openmmapi/src/backbone/SideChainTable.cpp

Lengths, angles and constant dihedral angles are medians over conformers of a tripeptide that RDKit minimised with
MMFF94s, rotamers the central values of the Top8000.
"""

import csv
import pathlib
import sys

import numpy as np
from rdkit import Chem
from rdkit.Chem import AllChem, rdMolTransforms

FOLDER = "Top8000/Top8000_rotamer_central_values"
NAMES = {"R": "ARG", "N": "ASN", "D": "ASP", "C": "CYS", "Q": "GLN", "E": "GLU", "H": "HIS", "I": "ILE", "L": "LEU",
         "K": "LYS", "M": "MET", "F": "PHE", "P": "PRO", "S": "SER", "T": "THR", "W": "TRP", "Y": "TYR", "V": "VAL"}
#: How many chi angles a residue has; the k-th one turns the bond from the k-th to the next atom of N, CA, CB, ...
NUM_CHI = {"R": 4, "N": 2, "D": 2, "C": 1, "Q": 3, "E": 3, "H": 2, "I": 2, "L": 2, "K": 4, "M": 3, "F": 2, "P": 2,
           "S": 1, "T": 1, "W": 2, "Y": 2, "V": 1}
#: Charges in water.
CHARGES = {"R": [("NH1", 1)], "K": [("NZ", 1)], "D": [("OD2", -1)], "E": [("OE2", -1)]}
NUM_CONFORMERS = 30
#: Rotamers of less than this share, in per cent, are left out.
LEAST_SHARE = 0.1


def wrap(angle):
    return (angle + 180) % 360 - 180


def makeResidue(letter):
    """The middle residue of a tripeptide, charged as in water: molecule, and atoms by name."""
    mol, atoms = Chem.MolFromSequence(f"G{letter}G"), {}
    for atom in mol.GetAtoms():
        info = atom.GetPDBResidueInfo()
        if info is not None and info.GetResidueNumber() == 2:
            # RDKit has CG1 and CG2 of isoleucine and valine the other way round.
            name = info.GetName().strip()
            atoms[{"CG1": "CG2", "CG2": "CG1"}.get(name, name) if letter in "IV" else name] = atom.GetIdx()
    for name, charge in CHARGES.get(letter, ()):
        atom = mol.GetAtomWithIdx(atoms[name])
        atom.SetFormalCharge(charge)
        atom.SetNoImplicit(False)
    Chem.SanitizeMol(mol)
    mol = Chem.AddHs(mol)
    AllChem.EmbedMultipleConfs(mol, NUM_CONFORMERS, randomSeed=7)
    AllChem.MMFFOptimizeMoleculeConfs(mol, mmffVariant="MMFF94s", maxIters=5000)
    return mol, atoms


def medianAngle(angles):
    """The median of angles that lie within half a turn; angles of planes are 0 or 180."""
    angles = np.asarray(angles)
    first = angles[0]
    result = wrap(first + np.median(wrap(angles - first)))
    return next((flat for flat in (0.0, 180.0) if abs(wrap(result - flat)) < 8), result)


def listAtoms(letter):
    """Rows of atoms beyond CB: name, element, the atoms that place it, length, angle, dihedral angle, its chi."""
    mol, atoms = makeResidue(letter)
    shapes = list(mol.GetConformers())
    parents, rows, chis = {"CA": "N", "CB": "CA"}, [], {}
    names = {index: name for name, index in atoms.items()}
    queue = ["CB"]
    for name in queue:  # grows while it is read
        around = [names[n.GetIdx()] for n in mol.GetAtomWithIdx(atoms[name]).GetNeighbors() if n.GetIdx() in names]
        for child in sorted(around, key=lambda entry: entry[1:]):
            if child in parents or child in ("N", "CA", "C", "O"):
                continue
            parents[child] = name
            queue.append(child)
            four = (parents[parents[name]], parents[name], name, child)
            dihedrals = np.array([rdMolTransforms.GetDihedralDeg(shape, *(atoms[k] for k in four)) for shape in shapes])
            if name not in chis:
                isTurned = all(number >= 0 for number, _ in chis.values()) and len(chis) < NUM_CHI[letter]
                chis[name] = (len(chis) if isTurned else -1, dihedrals)
            number, first = chis[name]
            lengths = [rdMolTransforms.GetBondLength(shape, atoms[name], atoms[child]) for shape in shapes]
            angles = [rdMolTransforms.GetAngleDeg(shape, *(atoms[k] for k in four[1:])) for shape in shapes]
            rows.append((child, mol.GetAtomWithIdx(atoms[child]).GetAtomicNum(), *four[:3], np.median(lengths),
                         np.median(angles), medianAngle(wrap(dihedrals - first) if number >= 0 else dihedrals), number))
    placed = {frozenset((row[4], row[0])) for row in rows} | {frozenset(("CA", "CB"))}
    bonds = [(names.get(bond.GetBeginAtomIdx()), names.get(bond.GetEndAtomIdx())) for bond in mol.GetBonds()]
    rings = [pair for pair in bonds if None not in pair and frozenset(pair) not in placed
             and not set(pair) <= {"N", "CA", "C", "O"}]
    return rows, rings


def listRotamers(folder, letter):
    """Shares in per cent and chi angles."""
    with open(folder / f"{NAMES[letter]}.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if float(row["frequency%"]) >= LEAST_SHARE:
                yield float(row["frequency%"]), [int(float(row[f"chi{k + 1}_mean"])) for k in range(NUM_CHI[letter])]


def pack(cells):
    """Cells in lines of at most 118 columns."""
    lines, line = [], "   "
    for cell in cells:
        if len(line) + len(cell) > 117:
            lines.append(line)
            line = "   "
        line += " " + cell + ","
    return lines + [line]


def main(source, target):
    folder, atoms, rings, rotamers = pathlib.Path(source) / FOLDER, [], [], []
    for letter, name in NAMES.items():
        rows, closures = listAtoms(letter)
        for child, element, a, b, c, length, angle, dihedral, number in rows:
            atoms.append(f'{{"{name}", "{child}", {element}, "{a}", "{b}", "{c}", {length:.3f}, {angle:.1f}, '
                         f'{dihedral:.1f}, {number}}}')
        rings += [f'{{"{name}", "{first}", "{second}"}}' for first, second in closures]
        for share, chi in listRotamers(folder, letter):
            rotamers.append(f'{{"{name}", {share:g}, {{{", ".join(map(str, chi))}}}}}')
    text = ["// SPDX-License-Identifier: MIT", "// Side chains and their rotamers, written by "
            "tests/benchmarks/make_side_chains.py.",
            "// Rotamers: central values of the Top8000 of the Richardson lab, github.com/rlabduke/reference_data, "
            "CC BY 4.0;", "// shares of at least 0.1 %.", "// clang-format off",
            '#include "SideChainTable.h"', "", "namespace OrbitPlugin {", "",
            "const std::vector<SideChainAtom> SIDE_CHAIN_ATOMS{", *pack(atoms), "};", "",
            "const std::vector<SideChainRing> SIDE_CHAIN_RINGS{", *pack(rings), "};", "",
            "const std::vector<SideChainRotamer> SIDE_CHAIN_ROTAMERS{", *pack(rotamers), "};", "",
            "} // namespace OrbitPlugin", ""]
    pathlib.Path(target).write_text("\n".join(text), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
