# SPDX-License-Identifier: MIT
"""Data sets and training. train() loads LibTorch; buildDataset() loads the reading room."""
import json
import os
import tempfile
from pathlib import Path

from openmmorbit.outputs import isSameFile, replacingPath

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

    for path in inputs:
        if isSameFile(path, output):
            raise ValueError(f"buildDataset: expected an output that is not the input, got '{output}' for both; choose "
                             "another name")
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
        with replacingPath(output) as part:
            report = chem.writeEnsembleShard(files, part, options)
            if report.numMolecules == 0 and report.numFaults + len(messages) > 0 and os.path.exists(output):
                os.remove(part)  # Nothing came of it: an older shard stays.
    report.numFaults, report.messages = report.numFaults + len(messages), [*messages, *report.messages]
    return report


def _findModels(settings):
    """Replace names of packaged models by paths."""
    from openmmorbit import conformers

    if settings.initialModel:
        settings.initialModel = conformers.findModel(settings.initialModel)
    if settings.distillation.teacher:
        distillation = settings.distillation
        distillation.teacher = conformers.findModel(distillation.teacher)
        settings.distillation = distillation


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
    config = orbittraining.TrainingSettings(config)     # The caller's stay as they are.
    _findModels(config)
    result = orbittraining.trainWithProgress(config) if progress else orbittraining.train(config)
    if int(os.environ.get("RANK", 0)) == 0:
        from openmmorbit import trainingreport

        trainingreport.writeReport(config.outputDirectory, result)
    return result


def addTrainingCounts(model, shards, output=None):
    """Give a model file the counts of what it was trained on, from its training shards. The weights do not change.

    A training run writes them itself; this is for models that came about otherwise, e.g. as a mean of several. Counts
    that the file has are kept: the larger of two numbers stands.

    Parameters
    ----------
    model : str or path
        The model file.
    shards : list of str
        Shards that it was trained on.
    output : str or path, optional
        The file to write; default: the model file itself.

    Returns
    -------
    openmmorbit.orbit.TrainingCounts
        What the file tells now.

    Raises
    ------
    ValueError
        If a file is missing or another one than a model or a shard.
    """
    from openmmorbit import conformers, orbit

    path = conformers.findModel(str(model))
    loaded, counts = orbit.DenoiserModel.load(path), orbit.countTraining([str(shard) for shard in shards])
    tensors = _tensorChecksum(Path(path).read_bytes())
    counts.include(loaded.getTrainingCounts())
    loaded.setTrainingCounts(counts)
    for storage in (orbit.TensorStorage_BFloat16, orbit.TensorStorage_Float32):
        data = loaded.toBytes(storage)
        if _tensorChecksum(data) == tensors:
            break
    output = Path(path if output is None else output)
    temporary = output.with_name(output.name + ".new")
    temporary.write_bytes(data)
    temporary.replace(output)
    return counts


def _tensorChecksum(data):
    """Get the SHA-256 of the tensors that a model file states."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8:8 + length])["__metadata__"]["sha256"]
