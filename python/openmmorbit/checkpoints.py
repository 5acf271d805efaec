# SPDX-License-Identifier: MIT
"""Checkpoints of other programs as model files: those of Proteina, which generate CA traces of proteins.

The checkpoint is read without PyTorch, and nothing in it is executed (openmmorbit.io.torcharchive). Sizes of the
network are those of its tensors. What is checked, and what each tensor becomes, stands in openmmapi/docs/theory.md,
section 9.
"""
from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from openmmorbit import orbit
from openmmorbit.arguments import checkBounds
from openmmorbit.io.outputs import isSameFile, replacingPath
from openmmorbit.io.torcharchive import Opaque, StoredTensor, TorchArchive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openmmorbit._types import StrPath

#: Licence of the published checkpoints, which a converted file keeps.
PROTEINA_LICENCE = ("NVIDIA License, non-commercial use only, as far as NVIDIA published the checkpoint; a converted "
                    "file is a derivative work and keeps it")
#: What 6,413 natural domains show: the limits of the inspection, because a checkpoint does not tell its data.
_natural = {"closest": 3.365, "hasBreaks": 0, "maxChains": 1, "maxLeftTurns": 2, "numBackbones": 6413,
            "ranges": [["CA-CA", 3.8055, 0.0271, 3.645, 3.955], ["CA-CA-CA", 6.028, 0.6292, 4.585, 7.395]]}
#: Columns of the first layer of pairs, by the names of the features.
_pairColumns = {"rel_seq_sep": 127, "x_sc_pair_dists": 128, "xt_pair_dists": 64}
_elsewhere = "only checkpoints of Proteina without motifs can be converted"


def _content(value: Any, depth: int = 0) -> Any:
    """Get what a setting holds; those of OmegaConf are objects of its classes."""
    if not isinstance(value, Opaque) or depth > 40:
        return value
    state = value.state if isinstance(value.state, dict) else {}
    return _content(state.get("_content", state.get("_val")), depth + 1)


def _findSetting(settings: Any, name: str) -> Any:
    """Find a setting by its name, however deep it stands; None if there is none."""
    # What several places share is looked at once, so that a small file cannot cost much time.
    seen, waiting = set[int](), [settings]
    while waiting:
        entry = _content(waiting.pop())
        if not isinstance(entry, (dict, list, tuple)) or id(entry) in seen:
            continue
        seen.add(id(entry))
        if isinstance(entry, dict):
            found = _content(entry.get(name))
            if isinstance(found, (list, tuple)):
                return [_content(part) for part in found]
            if found is not None:
                return found
        waiting += reversed(list(entry.values()) if isinstance(entry, dict) else entry)
    return None


class _Checkpoint:
    """The tensors of a checkpoint's network by their names, with their shapes checked."""

    def __init__(self, archive: TorchArchive) -> None:
        self.archive, self.path = archive, archive.path
        content = archive.content
        state = content.get("state_dict") if isinstance(content, dict) else None
        if not isinstance(state, dict):
            raise ValueError(f"convertCheckpoint: expected a checkpoint of Lightning with a state_dict in "
                             f"'{self.path}', got something else; {_elsewhere}")
        self.settings = content.get("hyper_parameters")
        self.step = content.get("global_step")
        names = {key.replace("_orig_mod.", ""): key for key in state if isinstance(key, str)}
        self.stored = {name[3:]: state[key] for name, key in names.items() if name.startswith("nn.")}
        self.used: set[str] = set()

    def refuse(self, expected: str, got: str) -> NoReturn:
        """Raise a ValueError that names the file."""
        raise ValueError(f"convertCheckpoint: expected {expected} in '{self.path}', got {got}; {_elsewhere}")

    def shape(self, name: str, numDimensions: int = 2) -> tuple[int, ...]:
        """Get the shape of a tensor."""
        stored = self.stored.get(name)
        if not isinstance(stored, StoredTensor):
            self.refuse(f"tensor \"nn.{name}\"", "none" if stored is None else "something else")
        if len(stored.shape) != numDimensions or 0 in stored.shape:
            self.refuse(f"tensor \"nn.{name}\" with {numDimensions} dimensions", f"shape {list(stored.shape)}")
        return stored.shape

    def read(self, name: str, *shape: int) -> np.ndarray:
        """Read a tensor of a shape, with its low-rank update if it has one."""
        if self.shape(name, len(shape)) != shape:
            self.refuse(f"shape {list(shape)} for tensor \"nn.{name}\"", f"{list(self.stored[name].shape)}")
        self.used.add(name)
        values = self.archive.read(self.stored[name], f"nn.{name}").astype(np.float32)
        stem = name.rpartition(".")[0]
        if name.endswith(".weight") and f"{stem}.lora_A" in self.stored:
            rank = self.shape(f"{stem}.lora_A")[0]
            alpha = _findSetting(self.settings, "lora_alpha")
            alpha = float(alpha) if isinstance(alpha, (int, float)) else 32.0
            down = self.read(f"{stem}.lora_A", rank, shape[1]).astype(float)
            values = (values + alpha / rank * (self.read(f"{stem}.lora_B", shape[0], rank) @ down)).astype(np.float32)
        return values


def _findOrder(checkpoint: _Checkpoint, width: int) -> list[str]:
    """Get the order of the token features: index, break and x_sc."""
    named = _findSetting(checkpoint.settings, "feats_init_seq")
    if not isinstance(named, list):
        return ["index", "break", "x_sc"] if width == 512 else ["index", "x_sc", "break"]
    known = {"res_seq_pdb_idx": "index", "chain_break_per_res": "break", "x_sc": "x_sc"}
    order = [known.get(str(name), str(name)) for name in named]
    if sorted(order) != ["break", "index", "x_sc"]:
        checkpoint.refuse("the token features res_seq_pdb_idx, chain_break_per_res and x_sc",
                          ", ".join(map(str, named)))
    return order


def _sinusoids(count: int, width: int) -> np.ndarray:
    """Get the waves that tell a residue's number, from 1 to count: shape (count, width)."""
    angles = np.arange(1, count + 1)[:, None] * np.pi / 2056.0 ** (2 * np.arange(width // 2) / width)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def _readTokens(checkpoint: _Checkpoint, width: int, longest: int) -> dict[str, np.ndarray]:
    """Get what makes the first token vectors."""
    columns = checkpoint.shape("init_repr_factory.linear_out.weight")[1]
    if columns < 6 or columns % 2 or columns == 136:
        checkpoint.refuse("columns of a residue's number, a break and x_sc in tensor "
                          "\"nn.init_repr_factory.linear_out.weight\"",
                          f"{columns} columns" + (", those of a motif model" if columns == 136 else ""))
    weight = checkpoint.read("init_repr_factory.linear_out.weight", width, columns)
    sizes = {"index": columns - 4, "break": 1, "x_sc": 3}
    parts, first = {}, 0
    for name in _findOrder(checkpoint, width):
        parts[name] = weight[:, first:first + sizes[name]]
        first += sizes[name]
    embedding = _sinusoids(longest, sizes["index"]) @ parts["index"].T.astype(float)
    coordinates = checkpoint.read("linear_3d_embed.weight", width, 3)
    return {"token.embedding": embedding, "token.coordinates.weight": np.hstack([coordinates, parts["x_sc"]])}


def _readPairs(checkpoint: _Checkpoint, pairWidth: int) -> dict[str, np.ndarray]:
    """Get the tables of pairs."""
    name = "pair_repr_builder.init_repr_factory.linear_out.weight"
    columns, expected = checkpoint.shape(name)[1], sum(_pairColumns.values())
    if columns != expected:
        checkpoint.refuse(f"{expected} columns in tensor \"nn.{name}\"",
                          f"{columns}" + (", those of a motif model" if columns == expected + 129 else ""))
    order = _findSetting(checkpoint.settings, "feats_pair_repr")
    order = [str(feature) for feature in order] if isinstance(order, list) else list(_pairColumns)
    if sorted(order) != sorted(_pairColumns):
        checkpoint.refuse(f"the pair features {', '.join(_pairColumns)}", ", ".join(order))
    weight = checkpoint.read(name, pairWidth, columns)
    parts, first = {}, 0
    for feature in order:
        parts[feature] = weight[:, first:first + _pairColumns[feature]].T
        first += _pairColumns[feature]
    # Their separation is i - j, ours j - i.
    return {"pair.embedding": parts["rel_seq_sep"][::-1], "pair.bins": parts["xt_pair_dists"],
            "pair.binsBefore": parts["x_sc_pair_dists"]}


def _readCondition(checkpoint: _Checkpoint, width: int, numWaves: int) -> dict[str, np.ndarray]:
    """Get what makes the conditioning vector, for chains without a fold label."""
    folds = [f"cond_factory.feat_creators.1.embedding_{level}.weight" for level in "CAT"]
    known = [name for name in folds if name in checkpoint.stored]
    labels = [checkpoint.read(name, *checkpoint.shape(name))[-1] for name in known]
    numLabels = sum(map(len, labels))
    weight = checkpoint.read("cond_factory.linear_out.weight", width, numWaves + numLabels)
    constant = weight[:, numWaves:].astype(float) @ np.concatenate([np.zeros(0), *labels])
    values = {"time.weight": weight[:, :numWaves], "condition.embedding": constant[None]}
    for k in (0, 1):
        values.update(_readTransition(checkpoint, f"transition_c_{k + 1}.", f"time.transition.{k}.", width, 2))
    return values


def _readTransition(checkpoint: _Checkpoint, theirs: str, ours: str, width: int, factor: int) -> dict[str, np.ndarray]:
    """Get a gated hidden layer; the gates stand first in ours."""
    up = checkpoint.read(f"{theirs}swish_linear.0.weight", 2 * factor * width, width)
    return {f"{ours}up.weight": np.roll(up, factor * width, axis=0),
            f"{ours}down.weight": checkpoint.read(f"{theirs}linear_out.weight", width, factor * width)}


class _Shapes:
    """Renames tensors that are taken as they are."""

    def __init__(self, checkpoint: _Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.values: dict[str, np.ndarray] = {}

    def take(self, theirs: str, ours: str, *shape: int, hasBias: bool = True) -> None:
        """Take the weight of a layer, and its bias."""
        self.values[f"{ours}.weight"] = self.checkpoint.read(f"{theirs}.weight", *shape)
        if hasBias:
            self.values[f"{ours}.bias"] = self.checkpoint.read(f"{theirs}.bias", shape[0])

    def takeModulation(self, theirs: str, ours: str, width: int, conditionWidth: int) -> None:
        """Take what makes a shift and a scale."""
        self.take(f"{theirs}.norm_cond", f"{ours}.norm", conditionWidth)
        self.take(f"{theirs}.to_gamma.0", f"{ours}.scale", width, conditionWidth)
        self.take(f"{theirs}.to_beta", f"{ours}.shift", width, conditionWidth, hasBias=False)

    def takeLayer(self, number: int, settings: orbit.PairBiasTransformerSettings) -> None:
        """Take one layer."""
        d, p, c, heads = settings.width, settings.pairWidth, settings.conditionWidth, settings.numHeads
        theirs, ours = f"transformer_layers.{number}.", f"layer.{number}."
        for half, name in (("mhba", "attention"), ("transition", "transition")):
            self.takeModulation(f"{theirs}{half}.adaln", f"{ours}{name}.modulation", d, c)
            self.take(f"{theirs}{half}.scale_output.to_adaln_zero_gamma.0", f"{ours}{name}.modulation.gate", d, c)
        attention = f"{theirs}mhba.mha."
        for old, new, *shape in (("node_norm", "norm", d), ("q_layer_norm", "query.norm", d),
                                 ("k_layer_norm", "key.norm", d), ("pair_norm", "pair.norm", p),
                                 ("to_qkv", "qkv", 3 * d, d), ("to_g", "gate", d, d), ("to_out_node", "output", d, d)):
            self.take(attention + old, f"{ours}attention.{new}", *shape)
        self.take(f"{attention}to_bias", f"{ours}attention.pair", heads, p, hasBias=False)
        self.values.update(_readTransition(self.checkpoint, f"{theirs}transition.transition.", f"{ours}transition.", d,
                                           settings.transitionFactor))

    def takeUpdate(self, number: int, width: int, pairWidth: int, triangleWidth: int) -> None:
        """Take the update of pairs behind a layer."""
        theirs, ours, p, t = f"pair_update_layers.{number}.", f"layer.{number}.pairs.", pairWidth, triangleWidth
        self.take(f"{theirs}layer_norm_in", f"{ours}tokens.norm", width)
        self.take(f"{theirs}linear_x", f"{ours}tokens", 2 * p, width, hasBias=False)
        for side, name in (("out", "outgoing"), ("in", "incoming")) if t else ():
            triangle, made = f"{theirs}tri_mult_{side}.", f"{ours}{name}"
            for old, new, *shape in (("layer_norm_in", "norm", p), ("linear_a_p", "left", t, p),
                                     ("linear_a_g", "leftGate", t, p), ("linear_b_p", "right", t, p),
                                     ("linear_b_g", "rightGate", t, p), ("layer_norm_out", "product.norm", t),
                                     ("linear_z", "output", p, t), ("linear_g", "gate", p, p)):
                self.take(triangle + old, f"{made}.{new}", *shape)
        for old, new, *shape in (("layer_norm", "norm", p), ("linear_1", "up", 2 * p, p),
                                 ("linear_2", "down", p, 2 * p)):
            self.take(f"{theirs}transition_out.{old}", f"{ours}transition.{new}", *shape)


def _findUpdates(checkpoint: _Checkpoint, numLayers: int) -> tuple[int, int]:
    """Get the interval at which layers update pairs, 0 for never, and the width of their triangles."""
    found = sorted({int(number[1]) for name in checkpoint.stored
                    if (number := re.match(r"pair_update_layers\.(\d{1,4})\.", name))})
    if not found:
        return 0, 0
    interval = found[1] if len(found) > 1 else max(numLayers - 1, 1)
    if found != list(range(0, numLayers - 1, interval)):
        checkpoint.refuse(f"pairs that are updated behind layers 0, {interval}, {2 * interval} and so on",
                          f"updates behind layers {', '.join(map(str, found))} of {numLayers}")
    name = "pair_update_layers.0.tri_mult_out.linear_a_p.weight"
    return interval, checkpoint.shape(name)[0] if name in checkpoint.stored else 0


def _findSizes(checkpoint: _Checkpoint) -> tuple[orbit.PairBiasTransformerSettings, orbit.GatedTransformerSettings]:
    """Get the sizes of the network from the shapes of its tensors."""
    if _findSetting(checkpoint.settings, "parallel_mha_transition"):
        checkpoint.refuse("halves of a layer one after the other", "parallel_mha_transition")
    settings, gated = orbit.PairBiasTransformerSettings(), orbit.GatedTransformerSettings()
    settings.width = checkpoint.shape("linear_3d_embed.weight")[0]
    layers = {int(found[1]) for name in checkpoint.stored
              if (found := re.match(r"transformer_layers\.(\d{1,4})\.", name))}
    settings.numLayers = max(layers, default=-1) + 1
    settings.numHeads = checkpoint.shape("transformer_layers.0.mhba.mha.to_bias.weight")[0]
    hidden = checkpoint.shape("transformer_layers.0.transition.transition.swish_linear.0.weight")[0]
    settings.transitionFactor = max(1, hidden // (2 * settings.width))
    settings.pairWidth = checkpoint.shape("pair_repr_builder.init_repr_factory.linear_out.weight")[0]
    settings.conditionWidth, numWaves = checkpoint.shape("pair_repr_builder.cond_factory.linear_out.weight")
    settings.numFrequencies = numWaves // 2
    gated.numRegisters = checkpoint.shape("registers")[0] if "registers" in checkpoint.stored else 0
    gated.pairUpdateInterval, gated.triangleWidth = _findUpdates(checkpoint, settings.numLayers)
    gated.numBins, gated.numSelfBins = _pairColumns["xt_pair_dists"], _pairColumns["x_sc_pair_dists"]
    for name, value in (("min", 0.1), ("max", 3.0)):
        for kind in ("xt", "x_sc"):
            found = _findSetting(checkpoint.settings, f"{kind}_pair_dist_{name}")
            if isinstance(found, (int, float)) and found != value:
                checkpoint.refuse(f"{kind}_pair_dist_{name} {value:g}", f"{found:g}")
    return settings, gated


def _readNetwork(checkpoint: _Checkpoint, model: orbit.DenoiserModel, longest: int) -> dict[str, np.ndarray]:
    """Get all tensors of a model file, and give the model their sizes."""
    settings, gated = _findSizes(checkpoint)
    d, p, c, numWaves = settings.width, settings.pairWidth, settings.conditionWidth, 2 * settings.numFrequencies
    shapes = _Shapes(checkpoint)
    values = shapes.values
    values["registers"] = checkpoint.read("registers", gated.numRegisters, d) if gated.numRegisters else \
        np.zeros((0, d))
    values.update(_readTokens(checkpoint, d, longest))
    values.update(_readCondition(checkpoint, c, numWaves))
    values.update(_readPairs(checkpoint, p))
    shapes.take("pair_repr_builder.init_repr_factory.ln_out", "pair.norm", p)
    shapes.take("pair_repr_builder.cond_factory.linear_out", "pair.time", c, numWaves, hasBias=False)
    shapes.take("pair_repr_builder.cond_factory.ln_out", "pair.time.norm", c)
    shapes.takeModulation("pair_repr_builder.adaln", "pair.modulation", p, c)
    for number in range(settings.numLayers):
        shapes.takeLayer(number, settings)
        if gated.updatesPairs(number, settings.numLayers):
            shapes.takeUpdate(number, d, p, gated.triangleWidth)
    shapes.take("coors_3d_decoder.0", "head.norm", d)
    shapes.take("coors_3d_decoder.1", "head", 3, d, hasBias=False)
    # The head that predicts distances was for training only.
    rest = sorted(name for name in set(checkpoint.stored) - checkpoint.used if not name.startswith("pair_head_pred"))
    if rest:
        checkpoint.refuse("only tensors that the network has", f"\"nn.{rest[0]}\"")
    model.setSettings(settings)
    model.setGatedSettings(gated)
    return values


def _makeVocabulary(name: str, values: range) -> orbit.FeatureVocabulary:
    vocabulary = orbit.FeatureVocabulary()
    vocabulary.name, vocabulary.values, vocabulary.saturates = name, np.array(values, np.int32), False
    return vocabulary


def _makeSampler() -> orbit.SamplerSettings:
    """Get the sampler that the checkpoints are used with: 400 levels, less noise than in training."""
    return orbit.SamplerSettings(method="euler", schedule="logarithmicTime", numSteps=400, sigmaMax=1e6,
                                 sigmaMin=1.1698e-4, renewal=1, renewalRule="rate", noiseScale=0.45, stereoGuidance=0)


def convertCheckpoint(checkpoint: StrPath, output: StrPath | None = None, *, lengths: tuple[int, int] = (32, 256),
                      name: str | None = None, licence: str = PROTEINA_LICENCE,
                      bfloat16: bool = False) -> orbit.DenoiserModel:
    """Make a model file of a checkpoint of Proteina, for BackboneGenerator.

    The checkpoint is a file that its user brings; nothing is downloaded. Models of motifs
    are refused. Files of averaged weights (-EMA.ckpt) are read like others, and low-rank updates
    (LoRA) are added to their weights.

    Parameters
    ----------
    checkpoint : path
        A .ckpt file.
    output : path, optional
        Model file to write; default: none.
    lengths : (int, int)
        Fewest and most residues that the model generates: those of its training data.
    name : str, optional
        Name of the model; default: that of the file.
    licence : str
        Licence for the model card.
    bfloat16 : bool
        Write weights as BF16 numbers: half as long, and rounded.

    Returns
    -------
    openmmorbit.orbit.DenoiserModel
        The model. Its unit is the nanometer.

    Raises
    ------
    ValueError
        For a file of another kind, one that is damaged or of another network, naming the tensor.

    Examples
    --------
    >>> model = convertCheckpoint("proteina.ckpt", "proteina.safetensors")  # doctest: +SKIP
    >>> ensemble = openmmorbit.BackboneGenerator(model).generate(100, 8)  # doctest: +SKIP
    """
    shortest, longest = checkBounds("lengths", lengths, "convertCheckpoint")
    if longest > 100000:
        raise ValueError(f"convertCheckpoint: expected lengths of at most 100000 residues, got {longest}")
    model = orbit.DenoiserModel()
    model.setNetwork(orbit.NetworkKind_GatedTransformer)
    with TorchArchive(checkpoint) as archive:
        if output is not None and isSameFile(checkpoint, output):
            raise ValueError(f"convertCheckpoint: expected an output beside the checkpoint, got '{output}' as both")
        opened = _Checkpoint(archive)
        values = _readNetwork(opened, model, longest)
    model.setVocabularies([_makeVocabulary("residueIndex", range(1, longest + 1))],
                          [_makeVocabulary("sequenceSeparation", range(127))])
    model.setConditions(["none"])
    model.setUnitInNanometers(1.0)
    model.setRotations(orbit.OrbitRotations_Proper)
    model.setSamplerSettings(_makeSampler())
    statistics: Mapping[str, Any] = {**_natural, "shortest": shortest, "longest": longest}
    model.setBackbones(orbit.BackboneStatistics.fromJson(json.dumps(statistics), "convertCheckpoint: "))
    for key in list(values):
        tensor = orbit.ModelTensor()
        array = np.ascontiguousarray(values.pop(key), np.float32)
        tensor.shape, tensor.values = np.array(array.shape, np.int32), array.ravel()
        model.setTensor(key, tensor)
    stem = os.path.splitext(os.path.basename(os.fspath(checkpoint)))[0]
    steps = f", step {opened.step:,}" if isinstance(opened.step, int) else ""
    for key, text in (("name", name or stem), ("licence", licence),
                      ("training", f"converted from {os.path.basename(os.fspath(checkpoint))}{steps}"),
                      ("data", "see the checkpoint's own card; copies are inspected by what natural domains show")):
        model.setMetadata(key, text)
    try:
        model.validate()
    except ValueError as error:
        raise ValueError(f"convertCheckpoint: expected a network that can be run in '{opened.path}', got: "
                         f"{error}") from None
    if output is not None:
        storage = orbit.TensorStorage_BFloat16 if bfloat16 else orbit.TensorStorage_Float32
        with replacingPath(output) as path:
            model.save(path, storage)
    return model
