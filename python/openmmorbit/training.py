# SPDX-License-Identifier: MIT
"""Data sets and training. train() loads LibTorch; buildDataset() loads the reading room."""
import os
import tempfile

#: Endings of files that hold coordinates without bonds.
coordinateEndings = (".xyz", ".extxyz", ".npz")


def buildDataset(inputs, output, condition="GFN2-xTB", validation=False):
    """Turn files of conformer ensembles into a shard for training.

    Consecutive records of one molecule become one entry; the tags REL_E_KCAL and BOLTZ_W, where present, its energies
    and weights. A fixed rule keeps 3 % of all molecules back for validation.

    Parameters
    ----------
    inputs : list of str
        SDF files, possibly compressed by gzip, with all hydrogens; extended XYZ (.xyz, .extxyz) whose frames name their
        molecule by ``smiles=``; npz with the arrays of docs/training.md.
    output : str
        The shard to write.
    condition : str
        Level of theory of the conformers.
    validation : bool
        Write the molecules that are kept back, instead of all others.

    Returns
    -------
    openmmorbit.chem.EnsembleShardReport
        numMolecules, numConformers, numOtherSide, numFaults, messages.

    Raises
    ------
    ValueError
        If a file is missing or the condition empty.
    """
    from openmmorbit import chem

    options = chem.EnsembleShardOptions()
    options.condition, options.validation = str(condition), bool(validation)
    with tempfile.TemporaryDirectory(prefix="orbit-dataset-") as folder:
        files, messages = [], []
        for number, path in enumerate(map(str, inputs)):
            if path.lower().endswith(coordinateEndings):
                from openmmorbit import ensemblefiles

                if not os.path.isfile(path):
                    raise ValueError(f"openmmorbit.buildDataset: expected an existing file, got '{path}'")
                files.append(os.path.join(folder, f"{number}.sdf"))
                messages += ensemblefiles.toSDF(path, files[-1])
            else:
                files.append(path)
        report = chem.writeEnsembleShard(files, str(output), options)
    report.numFaults, report.messages = report.numFaults + len(messages), [*messages, *report.messages]
    return report


def train(config, progress=True):
    """Train a model, or continue the run whose checkpoint lies in the output folder. Ctrl-C ends it with a checkpoint.

    The output folder receives the model, a checkpoint, log.csv and metrics.csv, and at the end report.md and
    training.png.
    Started by torchrun, the processes train one model together.

    Parameters
    ----------
    config : str, path or openmmorbit.orbittraining.TrainingSettings
        Settings, or the JSON file that holds them.
    progress : bool
        Write a line to standard error every ``logSteps`` steps and at every validation.

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
    result = orbittraining.trainWithProgress(config) if progress else orbittraining.train(config)
    if int(os.environ.get("RANK", 0)) == 0:
        from openmmorbit import trainingreport

        trainingreport.writeReport(config.outputDirectory, result)
    return result
