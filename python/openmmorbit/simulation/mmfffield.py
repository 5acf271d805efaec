# SPDX-License-Identifier: MIT
"""MMFF94 for a molecule among others: an openmm.app.ForceField that knows the molecule, e.g. for a box of water."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import openmm
from openmm import app
from openmm.app import forcefield as fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmmorbit import orbit
    from openmmorbit._types import MoleculeLike

_where = "registerMMFF"
#: How the names of our templates begin.
_prefix = "MMFF94 "
#: What turns the energy of MMFF94's vdW term at its minimum into kJ/mol, as in the System that mmffSystem() makes.
_depth = 757.97344
#: The oxygen of water in MMFF94 (type 70): radius in Angstrom, ga and sa of its vdW term.
_waterOxygen = 3.7568981, 1.11534, 0.5255383
#: The oxygen of TIP3P, whose water the Lennard-Jones terms are fitted to: sigma in nm, epsilon in kJ/mol.
_tip3p = 0.3150752, 0.635968


def _perTerm(force: openmm.Force, kind: str) -> list[str]:
    """Get the names of the parameters that each term of a custom force has."""
    count = getattr(force, f"getNumPer{kind}Parameters")()
    return [getattr(force, f"getPer{kind}ParameterName")(index) for index in range(count)]


def _addTerms(force: openmm.Force, target: openmm.Force, place: Sequence[int]) -> None:
    """Add all terms of a force to another one of its kind, with particle i at place[i]."""
    if isinstance(force, openmm.CustomBondForce):
        for index in range(force.getNumBonds()):
            i, j, values = force.getBondParameters(index)
            target.addBond(place[i], place[j], values)
    elif isinstance(force, openmm.CustomAngleForce):
        for index in range(force.getNumAngles()):
            i, j, k, values = force.getAngleParameters(index)
            target.addAngle(place[i], place[j], place[k], values)
    elif isinstance(force, openmm.CustomCompoundBondForce):
        for index in range(force.getNumBonds()):
            particles, values = force.getBondParameters(index)
            target.addBond([place[i] for i in particles], values)
    else:
        for index in range(force.getNumTorsions()):
            i, j, k, m, *values = force.getTorsionParameters(index)
            target.addTorsion(place[i], place[j], place[k], place[m], *values)


def _makeEmpty(force: openmm.Force) -> openmm.Force:
    """Make a force of the same formula, without terms."""
    if isinstance(force, openmm.PeriodicTorsionForce):
        target: openmm.Force = openmm.PeriodicTorsionForce()
    elif isinstance(force, openmm.CustomCompoundBondForce):
        target = openmm.CustomCompoundBondForce(force.getNumParticlesPerBond(), force.getEnergyFunction())
    else:
        target = type(force)(force.getEnergyFunction())
    kind = {"CustomAngleForce": "Angle", "PeriodicTorsionForce": ""}.get(type(force).__name__, "Bond")
    for name in _perTerm(force, kind) if kind else []:
        getattr(target, f"addPer{kind}Parameter")(name)
    target.setName(force.getName())
    return target


def _pairsWithin(force: openmm.CustomNonbondedForce) -> openmm.CustomBondForce:
    """Write the nonbonded terms of a molecule as bonds of the same formula, which other molecules do not take part in.
    """
    names, count = _perTerm(force, "Particle"), force.getNumParticles()
    pairs = openmm.CustomBondForce(force.getEnergyFunction())
    pairs.setName(force.getName())
    for number in (1, 2):
        for name in names:
            pairs.addPerBondParameter(f"{name}{number}")
    excluded = {frozenset(force.getExclusionParticles(index)) for index in range(force.getNumExclusions())}
    for i in range(count):
        for j in range(i + 1, count):
            if frozenset((i, j)) not in excluded:
                pairs.addBond(i, j, [*force.getParticleParameters(i), *force.getParticleParameters(j)])
    return pairs


def _findWell(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Get the minimum of the vdW term of two atoms, in Angstrom, and its depth in kJ/mol, both without their donors."""
    (radius1, ga1, sa1), (radius2, ga2, sa2) = first, second
    difference = (radius1 - radius2) / (radius1 + radius2)
    distance = 0.5 * (radius1 + radius2) * (1 + 0.2 * (1 - math.exp(-12 * difference ** 2)))
    return distance, _depth * ga1 * ga2 / ((sa1 + sa2) * distance ** 6)


def fitLennardJones(radius: float, ga: float, sa: float) -> tuple[float, float]:
    """Fit a Lennard-Jones term to the two wells that MMFF94's buffered 14-7 term has with an equal atom and with water.

    Each well asks for a sigma and an epsilon: that with the oxygen of water for those which give it with the oxygen of
    TIP3P by the rules of Lorentz and Berthelot. These rules are not MMFF94's, so the two answers differ. The result is
    the mean of the two sigmas, and the geometric mean of the two epsilons.

    Parameters
    ----------
    radius, ga, sa : float
        The atom in MMFF94: its own minimum R* in Angstrom, and two numbers of its dispersion.

    Returns
    -------
    sigma : float
        In nm.
    epsilon : float
        In kJ/mol.
    """
    toSigma = 0.1 / 2 ** (1 / 6)
    (alone, depth), (besideWater, depthInWater) = (_findWell((radius, ga, sa), other)
                                                   for other in ((radius, ga, sa), _waterOxygen))
    sigmas = toSigma * alone, 2 * toSigma * besideWater - _tip3p[0]
    return sum(sigmas) / 2, math.sqrt(depth * depthInWater ** 2 / _tip3p[1])


def _findParameters(force: openmm.CustomNonbondedForce) -> list[dict[str, float]]:
    """Get charge, sigma in nm and epsilon in kJ/mol of each atom.

    Polar hydrogens have no Lennard-Jones term, as those of the usual models of water: their electrostatics meets that
    of others undamped.
    """
    found = []
    for index in range(force.getNumParticles()):
        charge, radius, ga, sa, donor, _ = force.getParticleParameters(index)
        sigma, epsilon = fitLennardJones(radius, ga, sa)
        found.append({"charge": charge, "sigma": sigma, "epsilon": 0.0 if donor else epsilon})
    return found


class _MoleculeGenerator:
    """Adds the terms within each copy of a molecule to the Systems that a ForceField makes."""

    def __init__(self, typeNames: list[str], system: openmm.System) -> None:
        self._typeNames, self._system = set(typeNames), system      # the System owns its forces
        self._forces = [_pairsWithin(force) if isinstance(force, openmm.CustomNonbondedForce) else force
                        for force in system.getForces()]
        self._bonds = next(force for force in self._forces if force.getName() == "MMFFBond")
        self._numAtoms = len(typeNames)

    def createForce(self, *_: Any) -> None:
        """Do nothing: the terms come last, when the exceptions are known."""

    def postprocessSystem(self, system: openmm.System, data: Any, _: Any) -> None:
        """Let each copy keep MMFF94's terms and no others."""
        residues: dict[app.topology.Residue, dict[int, int]] = {}
        for atom in data.atoms:
            if data.atomType[atom] in self._typeNames:
                residues.setdefault(atom.residue, {})[data.atomTemplateIndexes[atom]] = atom.index
        places = [[found[index] for index in range(self._numAtoms)] for found in residues.values()]
        if not places:
            return
        nonbonded = next(force for force in system.getForces() if isinstance(force, openmm.NonbondedForce))
        constrained = {frozenset((bond.atom1, bond.atom2)) for bond in data.bonds if bond.isConstrained}
        for place in places:
            for i in range(self._numAtoms):
                for j in range(i + 1, self._numAtoms):
                    nonbonded.addException(place[i], place[j], 0, 0.1, 0, True)
            for index in range(self._bonds.getNumBonds()):
                i, j, (_, length) = self._bonds.getBondParameters(index)
                if frozenset((place[i], place[j])) in constrained:
                    data.addConstraint(system, place[i], place[j], length)
        for force in self._forces:
            target = _makeEmpty(force)
            for place in places:
                _addTerms(force, target, place)
            system.addForce(target)


def _refuseOtherFields(forceField: app.ForceField) -> None:
    """Refuse force fields whose nonbonded terms are not those of one NonbondedForce."""
    for generator in forceField.getGenerators():
        name = type(generator).__name__.removesuffix("Generator")
        if name in ("LennardJones", "AmoebaVdw", "AmoebaMultipole", "CustomNonbonded", "Drude"):
            raise ValueError(f"{_where}: expected a force field whose molecules interact by charges and Lennard-Jones "
                             f"terms of a NonbondedForce, such as Amber's, got one with {name}")


def makeTemplate(name: str, graph: orbit.MolecularGraph, typeNames: Sequence[str | None]) -> Any:
    """Make the template of a residue that is a whole molecule.

    Parameters
    ----------
    name : str
    graph : openmmorbit.orbit.MolecularGraph
    typeNames : list of str
        The type of each atom; None is enough to compare it with residues.
    """
    template = app.ForceField._TemplateData(name)
    for index, atom in enumerate(graph.atoms):
        element = app.Element.getByAtomicNumber(atom.element)
        template.addAtom(app.ForceField._TemplateAtomData(f"{element.symbol}{index}", typeNames[index], element))
    for bond in graph.bonds:
        template.addBond(bond.atom1, bond.atom2)
    return template


def _refuseKnown(forceField: app.ForceField, graph: orbit.MolecularGraph, template: Any) -> None:
    """Refuse a molecule that the force field has MMFF94 for, also if it is another stereoisomer of it."""
    topology = app.Topology()
    residue = topology.addResidue("LIG", topology.addChain())
    atoms = [topology.addAtom(atom.name, atom.element, residue) for atom in template.atoms]
    neighbors: list[list[int]] = [[] for _ in atoms]
    for bond in graph.bonds:
        neighbors[bond.atom1].append(bond.atom2)
        neighbors[bond.atom2].append(bond.atom1)
    for name, known in forceField._templates.items():
        if name.startswith(_prefix) and len(known.atoms) == len(atoms) and fields.compiled.matchResidueToTemplate(
                residue, known, [sorted(entry) for entry in neighbors], False, False) is not None:
            raise ValueError(f"{_where}: expected a molecule that the force field does not know, got {graph.smiles} "
                             f"for the second time, after {name.removeprefix(_prefix)}; register it once, for all its "
                             "residues and stereoisomers")


def addMolecule(forceField: app.ForceField, graph: orbit.MolecularGraph, system: openmm.System) -> None:
    """Give a ForceField the template, the types and the terms of a molecule.

    Parameters
    ----------
    forceField : openmm.app.ForceField
        Changed.
    graph : openmmorbit.orbit.MolecularGraph
    system : openmm.System
        What mmffSystem() makes of it.

    Raises
    ------
    ValueError
        If the force field is of another kind.
    """
    _refuseOtherFields(forceField)
    name = f"{_prefix}{graph.smiles or graph.getFormula()}"
    while name in forceField._templates:
        name += "'"
    typeNames = [f"{name} {index}" for index in range(graph.getNumAtoms())]
    template = makeTemplate(name, graph, typeNames)
    _refuseKnown(forceField, graph, template)
    for index, atom in enumerate(template.atoms):
        forceField.registerAtomType({"name": typeNames[index], "class": typeNames[index],
                                     "mass": system.getParticleMass(index)._value, "element": atom.element})
    forceField.registerResidueTemplate(template)
    nonbonded = next((generator for generator in forceField.getGenerators()
                      if isinstance(generator, fields.NonbondedGenerator)), None)
    if nonbonded is None:
        nonbonded = fields.NonbondedGenerator(forceField, 1.0, 1.0, None)
        forceField.registerGenerator(nonbonded)
    own = next(force for force in system.getForces() if isinstance(force, openmm.CustomNonbondedForce))
    for typeName, values in zip(typeNames, _findParameters(own)):
        nonbonded.registerAtom({"type": typeName, **values})
    forceField.registerGenerator(_MoleculeGenerator(typeNames, system))


def registerMMFF(forceField: app.ForceField, molecule: MoleculeLike, variant: str = "MMFF94") -> None:
    """Let an OpenMM ForceField know a molecule with MMFF94, for example a ligand that stands in water.

    Residues of this molecule, however many there are, get the terms of mmffSystem() within them: bonded and nonbonded
    energies of the molecule by itself are those of MMFF94, with any cutoff and PME too. With all other atoms they
    interact through the force field's NonbondedForce, as its nonbondedMethod says: by the charges of MMFF94, whose sum
    is the molecule's charge, and by Lennard-Jones terms.

    This second part is an approximation. The Lennard-Jones terms are fitted to the wells of MMFF94's buffered terms
    with an equal atom (their minima are up to 0.2 Angstrom farther) and with the oxygen of water (up to 0.1 nearer);
    polar hydrogens have none; MMFF94's buffer of electrostatics is left out; the water is that of the force field. For
    46 minima of 22 small molecules beside one water of TIP3P the binding energy differs from MMFF94's by 1.1 kJ/mol in
    the root mean square of neutral ones (4.2 at most) and by 5.8 of ions (8.7 at most, of 75 to 96), the distance of
    heavy atoms by 0.05 Angstrom (tests/benchmarks/measure_joining.py). This is good for sampling and for starts; MMFF94
    was not fitted together with any water, so do not take free energies of solvation from it.

    Parameters
    ----------
    forceField : openmm.app.ForceField
        Changed. One whose nonbonded terms are charges and Lennard-Jones terms, such as
        ``ForceField("amber14-all.xml", "amber14/tip3p.xml")``.
    molecule : str, MolecularGraph, rdkit.Chem.Mol, OpenFF molecule or openmm.app.Topology
        The molecule, with all its hydrogens: one residue of the Topologies that systems are made of.
    variant : str
        "MMFF94" or "MMFF94s".

    Raises
    ------
    ValueError
        If MMFF94 lacks parameters, the force field is of another kind, or it knows the molecule already.

    Examples
    --------
    >>> forceField = app.ForceField("amber14/tip3p.xml")  # doctest: +SKIP
    >>> openmmorbit.registerMMFF(forceField, ensemble.graph)  # doctest: +SKIP
    >>> modeller = app.Modeller(ensemble.topology, ensemble[0].positions)  # doctest: +SKIP
    >>> modeller.addSolvent(forceField, padding=1*unit.nanometer)  # doctest: +SKIP
    >>> system = forceField.createSystem(modeller.topology, nonbondedMethod=app.PME)  # doctest: +SKIP
    """
    from openmmorbit import molecules
    from openmmorbit.relaxation import mmffSystem

    if not isinstance(forceField, app.ForceField):
        raise TypeError(f"{_where}: expected an openmm.app.ForceField, got {type(forceField).__name__}")
    graph = molecules.toGraph(molecule)[0]
    addMolecule(forceField, graph, mmffSystem(graph, variant))
