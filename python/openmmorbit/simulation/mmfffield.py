# SPDX-License-Identifier: MIT
"""MMFF94 for a molecule among others: an openmm.app.ForceField that knows the molecule, e.g. for a box of water."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openmm
from openmm import app
from openmm.app import forcefield as fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmmorbit import orbit
    from openmmorbit._types import MoleculeLike

_where = "registerMMFF"
#: What turns the energy of MMFF94's vdW term at its minimum into kJ/mol, as in the System that mmffSystem() makes.
_depth = 757.97344


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


def _findParameters(force: openmm.CustomNonbondedForce) -> list[dict[str, float]]:
    """Get charge, sigma in nm and epsilon in kJ/mol of each atom.

    The Lennard-Jones term of two equal atoms has the minimum of MMFF94's buffered term, in distance and energy. Polar
    hydrogens have none, as those of the usual models of water: their electrostatics meets that of others undamped.
    """
    found = []
    for index in range(force.getNumParticles()):
        charge, radius, ga, sa, donor, _ = force.getParticleParameters(index)
        depth = 0.0 if donor else _depth * ga ** 2 / (2 * sa * radius ** 6)
        found.append({"charge": charge, "sigma": 0.1 * radius / 2 ** (1 / 6), "epsilon": depth})
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


def _makeTemplate(name: str, graph: orbit.MolecularGraph, typeNames: list[str]) -> Any:
    template = app.ForceField._TemplateData(name)
    for index, atom in enumerate(graph.atoms):
        element = app.Element.getByAtomicNumber(atom.element)
        template.addAtom(app.ForceField._TemplateAtomData(f"{element.symbol}{index}", typeNames[index], element))
    for bond in graph.bonds:
        template.addBond(bond.atom1, bond.atom2)
    return template


def registerMMFF(forceField: app.ForceField, molecule: MoleculeLike, variant: str = "MMFF94") -> None:
    """Let an OpenMM ForceField know a molecule with MMFF94, for example a ligand that stands in water.

    Residues of this molecule, however many there are, get the terms of mmffSystem() within them. With all other atoms
    they interact through the force field's NonbondedForce: by the charges of MMFF94, and by Lennard-Jones terms that
    have MMFF94's distances and depths; polar hydrogens have none. The combination rules are those of the
    NonbondedForce. This is good for sampling and for starts; MMFF94 was not fitted together with any water, so do not
    take free energies of solvation from it.

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
    system = mmffSystem(graph, variant)
    _refuseOtherFields(forceField)
    name = f"MMFF94 {graph.smiles}"
    if name in forceField._templates:
        raise ValueError(f"{_where}: expected a molecule that the force field does not know, got {graph.smiles} for "
                         "the second time; register it once, for all its residues")
    typeNames = [f"{name} {index}" for index in range(graph.getNumAtoms())]
    for index, atom in enumerate(graph.atoms):
        forceField.registerAtomType({"name": typeNames[index], "class": typeNames[index],
                                     "mass": system.getParticleMass(index)._value,
                                     "element": app.Element.getByAtomicNumber(atom.element)})
    forceField.registerResidueTemplate(_makeTemplate(name, graph, typeNames))
    nonbonded = next((generator for generator in forceField.getGenerators()
                      if isinstance(generator, fields.NonbondedGenerator)), None)
    if nonbonded is None:
        nonbonded = fields.NonbondedGenerator(forceField, 1.0, 1.0, None)
        forceField.registerGenerator(nonbonded)
    own = next(force for force in system.getForces() if isinstance(force, openmm.CustomNonbondedForce))
    for typeName, values in zip(typeNames, _findParameters(own)):
        nonbonded.registerAtom({"type": typeName, **values})
    forceField.registerGenerator(_MoleculeGenerator(typeNames, system))
