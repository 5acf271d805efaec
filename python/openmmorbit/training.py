# SPDX-License-Identifier: MIT
"""Data sets and training. train() loads LibTorch; buildDataset() loads the reading room."""
import hashlib
import os
from dataclasses import dataclass, field


@dataclass
class DatasetSummary:
    """What buildDataset() did."""
    numMolecules: int = 0
    numConformers: int = 0
    numExcluded: int = 0
    errors: list = field(default_factory=list)


def isValidation(flatSmiles):
    """Tell whether a molecule is kept back for validation: a hash of its flat canonical SMILES decides, 3 of 100.

    Parameters
    ----------
    flatSmiles : str
        Canonical SMILES without hydrogens and stereochemistry.
    """
    digits = hashlib.sha256(f"orbit-validation:{flatSmiles}".encode()).hexdigest()[:8]
    return int(digits, 16) / 2**32 < 0.03


def _groups(paths, errors, bar):
    """Yield lists of consecutive readable records of one molecule: equal SMILES, ID and atoms."""
    from openmmorbit import chem

    for path in paths:
        reader, group, key = chem.MoleculeReader(str(path)), [], None
        while True:
            record = chem.MoleculeRecord()
            if not reader.next(record):
                break
            bar.update()
            if record.error or len(record.positions) == 0:
                errors.append(f"{path}: {record.error or f'record {record.index + 1} has no coordinates in 3D'}")
                continue
            graph, properties = record.graph, dict(record.properties)
            newKey = (graph.smiles, properties.get("ID", "").split("_")[0], [atom.element for atom in graph.atoms],
                      [(bond.atom1, bond.atom2) for bond in graph.bonds])
            if group and newKey != key:
                yield group
                group = []
            key = newKey
            group.append((graph, record.positions, properties))
        if group:
            yield group


def buildDataset(inputs, output, condition="GFN2-xTB", validation="exclude", progress=True):
    """Turn SDF files of conformer ensembles into a shard for training.

    Consecutive records of one molecule become one entry; the tags REL_E_KCAL and BOLTZ_W, where present, its energies
    and weights.

    Parameters
    ----------
    inputs : list of str
        SDF files, possibly compressed by gzip.
    output : str
        The shard to write.
    condition : str
        Level of theory of the conformers.
    validation : str
        "exclude" leaves out molecules that the validation rule keeps back, "only" takes nothing else, "all" takes both.
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    DatasetSummary
    """
    import numpy as np
    from tqdm import tqdm

    from openmmorbit import chem, orbit

    if validation not in ("exclude", "only", "all"):
        raise ValueError(f"buildDataset: expected validation of 'exclude', 'only' or 'all', got {validation!r}")
    summary = DatasetSummary()
    writer = orbit.ShardWriter(str(output))
    with tqdm(disable=not progress, unit="record") as bar:
        for group in _groups(inputs, summary.errors, bar):
            record = orbit.ShardRecord()
            record.graph, record.flatSmiles, record.condition = group[0][0], chem.flatSmiles(group[0][0]), condition
            if validation != "all" and isValidation(record.flatSmiles) != (validation == "only"):
                summary.numExcluded += 1
                continue
            record.positions = np.concatenate([positions for _, positions, _ in group]).astype(np.float32)
            for name, tag in (("energies", "REL_E_KCAL"), ("weights", "BOLTZ_W")):
                if all(tag in properties for _, _, properties in group):
                    setattr(record, name, np.array([float(properties[tag]) for _, _, properties in group], np.float32))
            try:
                writer.add(record)
            except ValueError as error:
                summary.errors.append(str(error))
                continue
            summary.numMolecules += 1
            summary.numConformers += len(group)
    return summary


def train(config):
    """Train a model, or continue the run whose checkpoint lies in the output folder. Ctrl-C ends it with a checkpoint.

    Parameters
    ----------
    config : str, path or openmmorbit.orbittraining.TrainingSettings
        Settings, or the JSON file that holds them.

    Returns
    -------
    openmmorbit.orbittraining.TrainingResult
        Steps, loss, and the path of the exported model.

    Raises
    ------
    ImportError
        If this installation was built without the trainer.
    ValueError
        For settings and shards that are wrong.
    """
    try:
        from openmmorbit import orbittraining
    except ImportError as error:
        raise ImportError("openmmorbit.train: this installation has no trainer; build the package with "
                          f"-DORBIT_BUILD_TRAINING=ON and LibTorch ({error})") from error
    if not isinstance(config, orbittraining.TrainingSettings):
        if not os.path.isfile(config):
            raise ValueError(f"openmmorbit.train: expected a configuration file, got '{config}'; check the path")
        config = orbittraining.TrainingSettings.load(str(config))
    return orbittraining.train(config)
