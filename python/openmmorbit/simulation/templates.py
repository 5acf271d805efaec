# SPDX-License-Identifier: MIT
"""Molecules that an openmm.app.ForceField does not know: templates made when a residue asks for one."""
from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from openmm import app
from openmm.app import forcefield as fields

from openmmorbit.messages import counted
from openmmorbit.simulation import mmfffield

if TYPE_CHECKING:
    import openmm
    from collections.abc import Callable, Iterable, Sequence

    from openmmorbit import orbit
    from openmmorbit._types import MoleculeLike

#: What ligandForceField() knows beside the molecules, by default: proteins, nucleic acids, lipids, water and ions.
FILES = ("amber14-all.xml", "amber14/tip3pfb.xml")
_install = ("'conda install -c conda-forge openmmforcefields' brings it, with the OpenFF toolkit and AmberTools; "
            "\"mmff94\" needs none of them")
#: How the names of fields of other packages begin, and the class of openmmforcefields.generators for them.
_otherFields = {"gaff-": "GAFFTemplateGenerator", "openff-": "SMIRNOFFTemplateGenerator",
                "smirnoff99frosst": "SMIRNOFFTemplateGenerator", "espaloma": "EspalomaTemplateGenerator"}


def _listMolecules(molecules: MoleculeLike | Iterable[MoleculeLike]) -> list[Any]:
    """Get molecules from one or several; an Ensemble stands for its molecule, and a salt for those of its fragments
    that are more than an ion."""
    from openmmorbit import mixtures, orbit

    given = list(molecules) if isinstance(molecules, (list, tuple, set, frozenset)) else [molecules]
    found: list[Any] = []
    for entry in given:
        molecule = getattr(entry, "graph", entry)
        if isinstance(molecule, orbit.MolecularGraph) and mixtures.isMixture(molecule):
            found.extend(part for atoms, part in mixtures.splitGraph(molecule) if len(atoms) > 1)
        else:
            found.append(molecule)
    return found


class MMFFTemplateGenerator:
    """Makes templates with MMFF94 for residues that a ForceField does not know, as those of openmmforcefields do.

    Give it to ``ForceField.registerTemplateGenerator()``. Residues whose elements and bonds are those of one of the
    molecules get MMFF94 within them, and meet all others by charges and Lennard-Jones terms; registerMMFF() tells how
    well that agrees with MMFF94.

    Parameters
    ----------
    molecules : molecule, Ensemble, or list of them
        SMILES, MolecularGraphs, rdkit.Chem.Mols, OpenFF molecules, Topologies or Ensembles, with all hydrogens.
        Stereoisomers have the same parameters: one of them is enough. Of several fragments (an Ensemble of a salt) each
        is a molecule; single ions are those of the force field.
    variant : str
        "MMFF94" or "MMFF94s".

    Raises
    ------
    ValueError
        If MMFF94 lacks parameters for one of the molecules.

    Examples
    --------
    >>> generator = openmmorbit.MMFFTemplateGenerator(ensemble)  # doctest: +SKIP
    >>> forceField = app.ForceField("amber14-all.xml", "amber14/tip3pfb.xml")  # doctest: +SKIP
    >>> forceField.registerTemplateGenerator(generator.generator)  # doctest: +SKIP
    """

    def __init__(self, molecules: MoleculeLike | Iterable[MoleculeLike] = (), variant: str = "MMFF94") -> None:
        self.variant = variant
        self._known: list[tuple[Counter[int], orbit.MolecularGraph, openmm.System]] = []
        self.addMolecules(molecules)

    def __repr__(self) -> str:
        return f"<MMFFTemplateGenerator: {self.variant}, {counted(len(self._known), 'molecule')}>"

    def addMolecules(self, molecules: MoleculeLike | Iterable[MoleculeLike]) -> None:
        """Add one molecule or several."""
        from openmmorbit import molecules as reading
        from openmmorbit.relaxation import mmffSystem

        for molecule in _listMolecules(molecules):
            graph = reading.toGraph(molecule)[0]
            self._known.append((Counter(atom.element for atom in graph.atoms), graph,
                                mmffSystem(graph, self.variant)))

    def generator(self, forceField: app.ForceField, residue: app.topology.Residue) -> bool:
        """Give the force field a template of a residue, if it is one of the molecules.

        Parameters
        ----------
        forceField : openmm.app.ForceField
            Changed.
        residue : openmm.app.topology.Residue

        Returns
        -------
        bool
            Whether it is.

        Raises
        ------
        ValueError
            If the residue has the atoms of one of the molecules and no bonds.
        """
        elements = Counter(0 if atom.element is None else atom.element.atomic_number for atom in residue.atoms())
        bonded = None
        for known, graph, system in self._known:
            if known != elements:
                continue
            if len(graph.bonds) > 0 and not any(True for _ in residue.internal_bonds()):
                raise ValueError(f"MMFFTemplateGenerator: expected the bonds of {graph.getLabel()} in residue "
                                 f"'{residue.name}' {residue.id}, got none; read it from a file that has them (SDF, "
                                 "PDBx, PDB with CONECT records), or take the topology of an Ensemble")
            bonded = bonded or forceField._buildBondedToAtomList(residue.chain.topology)
            template = mmfffield.makeTemplate("", graph, [None] * graph.getNumAtoms())
            if fields.compiled.matchResidueToTemplate(residue, template, bonded, False, False) is not None:
                mmfffield.addMolecule(forceField, graph, system)
                return True
        return False

    def __call__(self, forceField: app.ForceField, residue: app.topology.Residue) -> bool:
        """Do what generator() does."""
        return self.generator(forceField, residue)


def _makeOpenFF(molecule: Any) -> Any:
    """Get an openff.toolkit.Molecule."""
    from openmmorbit import molecules
    from openmmorbit.ensemble import Ensemble
    from openmmorbit.io import conversions

    if hasattr(molecule, "to_rdkit"):
        return molecule
    return conversions.toOpenFF(Ensemble(molecules.toGraph(molecule)[0]))


def _otherGenerator(field: str, name: str, molecules: Sequence[Any]) -> Callable[..., bool]:
    """Get the template generator of openmmforcefields."""
    try:
        from openmmforcefields import generators
    except ImportError as error:
        raise ImportError(f"ligandForceField: expected openmmforcefields for \"{field}\", which is not installed "
                          f"({error}); {_install}") from error
    given = [_makeOpenFF(molecule) for molecule in molecules]
    try:
        return getattr(generators, name)(molecules=given, forcefield=field).generator
    except ImportError as error:
        raise ImportError(f"ligandForceField: expected what openmmforcefields needs for \"{field}\", got an "
                          f"installation that lacks some of it ({error}); install that, or take \"mmff94\"") from error


def ligandForceField(field: str, molecules: MoleculeLike | Iterable[MoleculeLike],
                     files: str | Sequence[str] = FILES) -> app.ForceField:
    """Make an OpenMM ForceField that knows small molecules beside proteins, water and ions.

    ``Modeller.addSolvent()`` and ``createSystem()`` work with it as with OpenMM's own force fields.

    Parameters
    ----------
    field : str
        "mmff94" or "mmff94s", which need nothing else; or a field of the package openmmforcefields, such as
        "gaff-2.11", "openff-2.2.0" or "espaloma-0.3.2".
    molecules : molecule, Ensemble, or list of them
        As of MMFFTemplateGenerator. With openmmforcefields an OpenFF molecule that has partial charges keeps them;
        others get charges as the field says, which may need AmberTools.
    files : str or list of str
        The files of the ForceField. With "mmff94" such whose molecules interact by charges and Lennard-Jones terms.

    Returns
    -------
    openmm.app.ForceField

    Raises
    ------
    ValueError
        For an unknown field, and for a molecule that it has no parameters for.
    ImportError
        For a field of openmmforcefields without that package.

    Examples
    --------
    >>> forceField = openmmorbit.ligandForceField("mmff94", ensemble)  # doctest: +SKIP
    >>> modeller = app.Modeller(ensemble.topology, ensemble[0].positions)  # doctest: +SKIP
    >>> modeller.addSolvent(forceField, padding=1*unit.nanometer)  # doctest: +SKIP
    """
    name = str(field).lower()
    other = next((maker for beginning, maker in _otherFields.items() if name.startswith(beginning)), "")
    if name not in ("mmff94", "mmff94s") and not other:
        raise ValueError("ligandForceField: expected \"mmff94\", \"mmff94s\", \"gaff-…\", \"openff-…\" or "
                         f"\"espaloma-…\", got {field!r}")
    given = _listMolecules(molecules)
    generator = _otherGenerator(field, other, given) if other else \
        MMFFTemplateGenerator(given, "MMFF94s" if name == "mmff94s" else "MMFF94").generator
    forceField = app.ForceField(*([files] if isinstance(files, str) else files))
    forceField.registerTemplateGenerator(generator)
    return forceField
