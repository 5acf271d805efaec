# SPDX-License-Identifier: MIT
"""From one SMILES to an ensemble of minima: ETKDGv3 and MMFF94s, or a model's conformers, then GFN2-xTB, checks, energy
window, symmetry-aware pruning."""
import gzip
import hashlib
import time
import warnings
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np

from openmmorbit import quantum
from openmmorbit.openstereo import OpenStereoWarning

#: k_B T at 298.15 K in kcal/mol.
THERMAL_ENERGY = 0.592484

#: Atomic numbers of the elements of organic molecules that MMFF94s has parameters for; not those of its metal ions.
_mmffElements = {1, 6, 7, 8, 9, 14, 15, 16, 17, 35, 53}


@dataclass(frozen=True)
class EnsembleSettings:
    """How ensembles are made.

    Attributes
    ----------
    level : str
        "gfn2" (minima of GFN2-xTB) or "mmff" (minima of MMFF94s).
    numStarts : int
        ETKDGv3 geometries; with random coordinates, a quarter of them. 0: none, if there are modelStarts.
    maxMinima : int
        MMFF94s minima that go on to GFN2-xTB, those of lowest energy.
    window : float
        Energy above the lowest that is kept, kcal/mol.
    minRmsd : float
        Minima closer than this are the same; RMSD of heavy atoms and polar hydrogens, Angstrom.
    engine : str
        "xtb" or "tblite"; empty: whichever is installed.
    timeout : float
        Seconds for one minimisation by xtb.
    modelStarts : int
        Conformers of a model that are minimised too, all of them: at the level "gfn2" they need no force field.
    model : str
        That model: a path, or the name of a packaged one; empty: the default one.
    """
    level: str = "gfn2"
    numStarts: int = 24
    maxMinima: int = 16
    window: float = 6.0
    minRmsd: float = 0.125
    engine: str = ""
    timeout: float = 300.0
    modelStarts: int = 0
    model: str = ""

    def __post_init__(self):
        if self.level not in ("gfn2", "mmff"):
            raise ValueError(f"EnsembleSettings: expected a level of 'gfn2' or 'mmff', got {self.level!r}")
        for name in ("maxMinima", "window", "minRmsd", "timeout"):
            if not getattr(self, name) > 0:
                raise ValueError(f"EnsembleSettings: expected {name} above 0, got {getattr(self, name)}")
        for name in ("numStarts", "modelStarts"):
            if getattr(self, name) < 0:
                raise ValueError(f"EnsembleSettings: expected {name} of at least 0, got {getattr(self, name)}")
        if self.numStarts + self.modelStarts == 0:
            raise ValueError("EnsembleSettings: expected numStarts or modelStarts above 0, got 0 of both")

    @property
    def condition(self):
        """The name of the level of theory in a shard."""
        return {"gfn2": "GFN2-xTB", "mmff": "MMFF94s"}[self.level]

    def toDict(self):
        """Get the settings as a dict for JSON."""
        return asdict(self)


@dataclass
class EnsembleOutcome:
    """What became of one molecule.

    Attributes
    ----------
    key : str
        What identifies the task: a canonical SMILES, or the line that could not be read.
    smiles : str
        Canonical SMILES of the molecule with its stereochemistry, as found.
    records : bytes
        The conformers as SDF records, compressed by gzip; empty if the molecule failed.
    reason : str
        Why there is no ensemble; empty if there is one.
    numConformers, numMinimised, numChanged : int
        Conformers kept; minimisations; minima whose bonds or stereochemistry changed.
    seconds : float
        Time of the molecule.
    """
    key: str
    smiles: str = ""
    records: bytes = b""
    reason: str = ""
    numConformers: int = 0
    numMinimised: int = 0
    numChanged: int = 0
    seconds: float = 0.0


class _Failure(Exception):
    """Ends a molecule with a reason."""


@lru_cache(maxsize=1)
def _networkElements():
    """The atomic numbers that a network may have as input."""
    from openmmorbit import orbit

    vocabularies = orbit.DenoiserModel().getAtomVocabularies()
    return frozenset(next(list(v.values) for v in vocabularies if v.name == "element"))


def enumerateTasks(smiles, maxIsomers=4):
    """Get the stereoisomers of a SMILES.

    Parameters
    ----------
    smiles : str
    maxIsomers : int
        At most this many; which ones depends on the SMILES only.

    Returns
    -------
    list of str
        Canonical SMILES; what is specified stays, what is open is enumerated.

    Raises
    ------
    ValueError
        If the SMILES cannot be read, is no single molecule, or has an element that no network knows.
    """
    from rdkit import Chem
    from rdkit.Chem.EnumerateStereoisomers import EnumerateStereoisomers, StereoEnumerationOptions

    mol = Chem.MolFromSmiles(smiles) if smiles.isascii() else None
    if mol is None or mol.GetNumAtoms() == 0:
        raise ValueError("the SMILES cannot be read")
    if len(Chem.GetMolFrags(mol)) != 1:
        raise ValueError("several fragments")
    if any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        raise ValueError("an atom without element")
    foreign = {atom.GetSymbol() for atom in mol.GetAtoms() if atom.GetAtomicNum() not in _networkElements()}
    if foreign:
        raise ValueError(f"the networks do not know {', '.join(sorted(foreign))}")
    options = StereoEnumerationOptions(maxIsomers=maxIsomers, onlyUnassigned=True, unique=True, rand=0xF00D)
    return sorted({Chem.MolToSmiles(isomer) for isomer in EnumerateStereoisomers(mol, options)})


def _embed(mol, settings, seed):
    from rdkit.Chem import rdDistGeom

    parameters = rdDistGeom.ETKDGv3()
    parameters.randomSeed, parameters.maxIterations = seed, 50
    found = list(rdDistGeom.EmbedMultipleConfs(mol, settings.numStarts, parameters))
    if not found:
        parameters.useRandomCoords = True
        found = list(rdDistGeom.EmbedMultipleConfs(mol, max(2, settings.numStarts // 4), parameters))
    if not found:
        raise _Failure("no start geometry (ETKDGv3, also with random coordinates)")
    return found


@lru_cache(maxsize=2)
def _generator(model, condition):
    """Get a generator of one thread: molecules are what runs in parallel."""
    import openmmorbit

    loaded = openmmorbit.conformers.loadModel(model or None)
    return openmmorbit.ConformerGenerator(loaded, threads=1, unfamiliar="ignore",  # GFN2-xTB mends what is wrong.
                                          condition=condition if condition in loaded.getConditions() else None)


def _generate(mol, settings, seed):
    """Append a model's conformers; returns their ids."""
    import openmm

    try:
        generator = _generator(settings.model, settings.condition)
        with warnings.catch_warnings():
            # The task is an isomer; what is open in it is no centre of one, e.g. in norbornane.
            warnings.simplefilter("ignore", OpenStereoWarning)
            ensemble = generator.generate(mol, settings.modelStarts, seed=seed)
    except (ValueError, openmm.OpenMMException) as error:
        raise _Failure(f"no start geometry (model: {error})".splitlines()[0]) from error
    return [mol.AddConformer(conformer, assignId=True) for conformer in ensemble.toRDKit().GetConformers()]


def _requireParameters(mol):
    """Refuse a molecule that MMFF94s has no parameters for, naming the elements that it does not know at all."""
    from rdkit import Chem
    from rdkit.Chem import AllChem

    foreign = {atom.GetAtomicNum() for atom in mol.GetAtoms()} - _mmffElements
    symbols = ", ".join(Chem.GetPeriodicTable().GetElementSymbol(number) for number in sorted(foreign))
    if foreign or not AllChem.MMFFHasAllMoleculeParams(mol):
        raise _Failure(f"MMFF94s has no parameters{f' for {symbols}' if symbols else ''}; use the level gfn2")


def _relax(mol, identifiers):
    """Minimise all conformers; returns the energy of each, kcal/mol, or nothing if there is no force field for them."""
    from rdkit.Chem import AllChem

    if AllChem.MMFFHasAllMoleculeParams(mol):
        results = AllChem.MMFFOptimizeMoleculeConfs(mol, maxIters=2000, mmffVariant="MMFF94s")
    elif AllChem.UFFHasAllMoleculeParams(mol):
        results = AllChem.UFFOptimizeMoleculeConfs(mol, maxIters=2000)
    else:
        results = []
    return {identifier: result[1] for identifier, result in zip(identifiers, results)}


def _findStarts(mol, settings, outcome):
    """Give the molecule the geometries that are to be minimised at the level of the data set; returns the energies of
    those that a force field minimised, kcal/mol, and None for others."""
    seed = int(hashlib.sha256(outcome.key.encode()).hexdigest()[:7], 16)
    found, failures = {}, []
    for number, source in ((settings.numStarts, _embed), (settings.modelStarts, _generate)):
        try:
            found[source] = source(mol, settings, seed) if number > 0 else []
        except _Failure as failure:
            failures.append(str(failure))
    relaxed, ready = found.get(_embed, []), found.get(_generate, [])
    if not relaxed and not ready:
        raise _Failure("; ".join(failures))
    if settings.level == "mmff":
        relaxed, ready = relaxed + ready, []
    starts, energies = {}, _relax(mol, relaxed) if relaxed else {}
    if relaxed and not energies:
        # GFN2-xTB knows every element: it starts where ETKDGv3 ended.
        ready = relaxed[:settings.maxMinima] + ready
    if energies:
        kept = prune(mol, energies, 0.1 if settings.level == "gfn2" else settings.minRmsd, 25.0)
        starts = {identifier: energies[identifier] for identifier in kept[:settings.maxMinima]}
    return {**starts, **dict.fromkeys(ready)}


def _withoutCarbonHydrogens(mol):
    """Drop the hydrogens on carbon: rotamers of OH and NH count as different, those of methyl do not."""
    from rdkit import Chem

    editable = Chem.RWMol(mol)
    for atom in reversed(list(mol.GetAtoms())):
        if atom.GetAtomicNum() == 1 and all(n.GetAtomicNum() == 6 for n in atom.GetNeighbors()):
            editable.RemoveAtom(atom.GetIdx())
    return editable.GetMol() if editable.GetNumAtoms() > 0 else Chem.Mol(mol)


def prune(mol, energies, minRmsd, window, maxMatches=2000):
    """Choose the different conformers of low energy.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
    energies : dict
        Conformer id to energy in kcal/mol.
    minRmsd : float
        Conformers closer than this to one of lower energy are left out, Angstrom.
    window : float
        Conformers further above the lowest are left out, kcal/mol.

    Returns
    -------
    list of int
        Conformer ids, lowest energy first.
    """
    from rdkit.Chem import rdMolAlign

    reduced, kept = _withoutCarbonHydrogens(mol), []
    lowest = min(energies.values())
    for value, identifier in sorted((value, identifier) for identifier, value in energies.items()):
        if value - lowest > window:
            break
        # Equal minima have equal energies: only those are superposed.
        near = (other for other in kept if abs(value - energies[other]) < 1.0)
        if all(rdMolAlign.GetBestRMS(reduced, reduced, identifier, other, maxMatches=maxMatches) >= minRmsd
               for other in near):
            kept.append(identifier)
    return kept


def isConnectivityKept(mol, positions):
    """Tell whether all bonds are shorter than 1.3, and all other distances longer than 1.15 sums of covalent radii."""
    from rdkit import Chem

    table = Chem.GetPeriodicTable()
    radii = np.array([table.GetRcovalent(atom.GetAtomicNum()) for atom in mol.GetAtoms()])
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=-1) / (radii[:, None] + radii[None])
    bonded = Chem.GetAdjacencyMatrix(mol).astype(bool)
    others = ~bonded & ~np.eye(len(radii), dtype=bool)
    return bool((distances[bonded] < 1.3).all() and (distances[others] > 1.15).all())


def _perceive(mol, identifier, request):
    """Get the molecule without hydrogens and with the stereochemistry of a conformer."""
    from rdkit import Chem

    single = Chem.Mol(mol, confId=identifier)
    Chem.AssignStereochemistryFrom3D(single, single.GetConformer().GetId(), True)
    positions = single.GetConformer().GetPositions()
    for asked in request.GetAtoms():
        atom = single.GetAtomWithIdx(asked.GetIdx())
        # RDKit finds no centre in pyramids of phosphorus, though its reader of SMILES knows them.
        if asked.GetChiralTag() and not atom.GetChiralTag() and atom.GetDegree() == 3:
            neighbours = [bond.GetOtherAtomIdx(atom.GetIdx()) for bond in atom.GetBonds()]
            clockwise = np.linalg.det(positions[neighbours] - positions[atom.GetIdx()]) < 0
            atom.SetChiralTag(Chem.ChiralType.CHI_TETRAHEDRAL_CW if clockwise
                              else Chem.ChiralType.CHI_TETRAHEDRAL_CCW)
    return Chem.RemoveHs(single)


def _minimise(mol, energies, settings, outcome):
    """Minimise with GFN2-xTB in place; returns the energies of the conformers that worked."""
    if settings.level == "mmff":
        outcome.numMinimised += len(energies)
        return energies
    found, lastError = {}, None
    for identifier in energies:
        outcome.numMinimised += 1
        try:
            value, positions = quantum.minimum(mol, mol.GetConformer(identifier).GetPositions(),
                                               settings.engine or None, settings.timeout)
        except quantum.QuantumError as error:
            lastError = error
            continue
        mol.GetConformer(identifier).SetPositions(np.ascontiguousarray(positions))
        found[identifier] = value
    if not found:
        raise _Failure(f"GFN2-xTB failed ({lastError})")
    return found


def _keepUnchanged(mol, energies, request, outcome):
    """Keep the conformers whose bonds and stereochemistry are those of the request, and whose shape can exist."""
    from rdkit import Chem

    from openmmorbit import molecules, orbit

    kept, reason, graph = {}, "", molecules.toGraph(mol)[0]
    for identifier, value in sorted(energies.items(), key=lambda entry: entry[1]):
        positions = mol.GetConformer(identifier).GetPositions()
        if not np.isfinite(positions).all() or not isConnectivityKept(mol, positions):
            outcome.numChanged += 1
            reason = reason or "connectivity changed"
            continue
        status = orbit.checkConformer(graph, positions.ravel().tolist())
        if not (status.centersInside and status.ringsClear):
            outcome.numChanged += 1
            reason = reason or "a centre outside its neighbours, or a bond through a ring"
            continue
        seen = _perceive(mol, identifier, request)
        smiles = Chem.MolToSmiles(seen)
        if not seen.HasSubstructMatch(request, useChirality=True) or smiles != (outcome.smiles or smiles):
            outcome.numChanged += 1
            reason = reason or "stereochemistry changed"
            continue
        # What the request leaves open is fixed by the lowest minimum.
        outcome.smiles = smiles
        kept[identifier] = value
    if not kept:
        raise _Failure(reason)
    return kept


def _writeRecords(mol, kept, energies, outcome, settings):
    from rdkit import Chem

    relative = np.array([energies[identifier] for identifier in kept])
    relative -= relative.min()
    weights = np.exp(-relative / THERMAL_ENERGY)
    weights /= weights.sum()
    identity = hashlib.sha256(outcome.key.encode()).hexdigest()[:16]
    parts = []
    for number, identifier in enumerate(kept):
        tags = {"SMILES": outcome.smiles, "REQUEST": outcome.key, "ID": f"{identity}_{number}",
                "REL_E_KCAL": f"{relative[number]:.4f}", "BOLTZ_W": f"{weights[number]:.5f}",
                "LEVEL": settings.condition}
        block = Chem.MolToMolBlock(mol, confId=identifier)
        parts.append(block + "".join(f">  <{name}>\n{value}\n\n" for name, value in tags.items()) + "$$$$\n")
    outcome.records = gzip.compress("".join(parts).encode(), mtime=0)
    outcome.numConformers = len(kept)


def makeEnsemble(smiles, settings=None, name=""):
    """Make the ensemble of one molecule. Never raises for a molecule that fails: the outcome says why.

    Parameters
    ----------
    smiles : str
        Canonical SMILES, as enumerateTasks() returns.
    settings : EnsembleSettings, optional
    name : str
        Title of the records.

    Returns
    -------
    EnsembleOutcome
        The same for the same SMILES, settings and versions, wherever it is computed.
    """
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")
    settings = settings or EnsembleSettings()
    outcome, begin = EnsembleOutcome(smiles), time.perf_counter()
    try:
        request = Chem.MolFromSmiles(smiles)
        if request is None:
            raise _Failure("the SMILES cannot be read")
        mol = Chem.AddHs(request)
        mol.SetProp("_Name", f" {name}" if name.startswith("$$$$") else name)
        if settings.level == "mmff":
            _requireParameters(mol)
        energies = _minimise(mol, _findStarts(mol, settings, outcome), settings, outcome)
        energies = _keepUnchanged(mol, energies, request, outcome)
        _writeRecords(mol, prune(mol, energies, settings.minRmsd, settings.window), energies, outcome, settings)
    except _Failure as failure:
        outcome.reason = str(failure)
    except (RuntimeError, ValueError, OSError) as error:
        outcome.reason = f"{type(error).__name__}: {error}".splitlines()[0]
    outcome.seconds = time.perf_counter() - begin
    return outcome
