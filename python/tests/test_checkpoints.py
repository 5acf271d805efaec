# SPDX-License-Identifier: MIT
"""Checkpoints of Proteina: the model file computes what a twin in NumPy computes; wrong files are refused by name."""
import re
import zipfile
from pathlib import Path

import numpy as np
import proteina
import pytest
from conftest import runCli
from helices import makeHelix, writeArrays, writeHelix
from openmm import app
from proteina import Call, Global

import openmmorbit
from openmmorbit import orbit
from openmmorbit.checkpoints import PROTEINA_LICENCE, convertCheckpoint
from openmmorbit.io.torcharchive import Opaque, TorchArchive

NUM_STEPS, LENGTHS = 5, (10, 40)


@pytest.fixture(scope="module")
def weights():
    return proteina.makeWeights()


@pytest.fixture(scope="module")
def convert(tmp_path_factory):
    """Convert a checkpoint with given tensors."""
    folder = tmp_path_factory.mktemp("checkpoints")

    def run(tensors, settings=None, lengths=LENGTHS, **options):
        proteina.writeArchive(folder / "model.ckpt", proteina.makeCheckpoint(tensors, settings), **options)
        return convertCheckpoint(folder / "model.ckpt", lengths=lengths)
    return run


def generate(model, count, platform="Reference", **settings):
    """Generate one trace, nm, and get the levels of its steps."""
    given = {"numSteps": NUM_STEPS, "sigmaMax": 50.0, **settings}
    generator = openmmorbit.BackboneGenerator(model, platform=platform, check=False, **given)
    ensemble = generator.generate(count, 1, seed=7)
    sampler = model.getSamplerSettings()
    sampler.numSteps, sampler.sigmaMax = given["numSteps"], given["sigmaMax"]
    return np.array(ensemble[0].positions._value), list(sampler.getNoiseLevels())


def checkAgainst(twin, model, count, tolerance=1e-10, platform="Reference"):
    positions, levels = generate(model, count, platform)
    expected = proteina.sample(twin, count, levels, 0.45, 7)
    assert np.abs(positions - expected).max() <= tolerance * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize("count", [10, 33])
def testGenerationIsThatOfTheTwin(weights, convert, count):
    # With and without an estimate of before: the first step has none.
    checkAgainst(proteina.Twin(weights), convert(weights), count)


@pytest.mark.parametrize("layers,updates,triangle", [(5, (0, 2), 7), (4, (0,), 3), (3, (0, 1), 0), (2, (0,), 5)])
def testPairsAreUpdated(convert, layers, updates, triangle):
    weights = proteina.makeWeights(layers=layers, updates=updates, triangle=triangle)
    model = convert(weights)
    assert model.getGatedSettings().triangleWidth == triangle
    checkAgainst(proteina.Twin(weights), model, 11)
    checkAgainst(proteina.Twin(weights), model, 25, tolerance=1e-4, platform="CPU")


def testSizesComeFromTheShapes(convert):
    weights = proteina.makeWeights(width=18, heads=3, layers=1, cond=9, pair=5, waves=6, index=4, registers=1, seed=5)
    model = convert(weights)
    settings = model.getSettings()
    assert (settings.width, settings.numHeads, settings.numLayers, settings.transitionFactor) == (18, 3, 1, 4)
    assert (settings.pairWidth, settings.conditionWidth, settings.numFrequencies) == (5, 9, 3)
    assert model.getGatedSettings().numRegisters == 1 and model.getNetwork() == orbit.NetworkKind_GatedTransformer
    checkAgainst(proteina.Twin(weights), model, 12)


def testTheOrderOfFeaturesIsThatOfTheSettingsElseThatOfTheWidth(weights, convert):
    order = ("index", "x_sc", "break")
    other = proteina.makeSettings(feats_init_seq=["res_seq_pdb_idx", "x_sc", "chain_break_per_res"])
    checkAgainst(proteina.Twin(weights, order), convert(weights, other), 11)
    checkAgainst(proteina.Twin(weights, order), convert(weights, {}), 11)
    wide = proteina.makeWeights(width=512, heads=1, layers=1)
    checkAgainst(proteina.Twin(wide), convert(wide, {}), 10)


def testPairFeaturesMayStandInAnotherOrder(weights, convert):
    name = "nn.pair_repr_builder.init_repr_factory.linear_out.weight"
    moved = np.concatenate([weights[name][:, 255:], weights[name][:, :255]], axis=1)
    order = proteina.makeSettings(feats_pair_repr=["xt_pair_dists", "rel_seq_sep", "x_sc_pair_dists"])
    checkAgainst(proteina.Twin(weights), convert({**weights, name: moved}, order), 11)


def testLowRankUpdatesAreAdded(weights, convert):
    random = np.random.default_rng(3)
    merged, separate = dict(weights), dict(weights)
    for stem in ("nn.transformer_layers.1.mhba.mha.to_qkv", "nn.transformer_layers.0.transition.transition.linear_out"):
        rows, columns = weights[f"{stem}.weight"].shape
        down, up = random.normal(size=(2, columns)), random.normal(size=(rows, 2))
        separate[f"{stem}.lora_A"], separate[f"{stem}.lora_B"] = down.astype(np.float32), up.astype(np.float32)
        sum_ = weights[f"{stem}.weight"] + 16 * separate[f"{stem}.lora_B"].astype(float) @ separate[f"{stem}.lora_A"]
        merged[f"{stem}.weight"] = sum_.astype(np.float32)
    checkAgainst(proteina.Twin(merged), convert(separate), 12, tolerance=1e-5)


def testOtherNumberTypesAreRead(weights, convert):
    checkAgainst(proteina.Twin(weights), convert({name: w.astype(float) for name, w in weights.items()}), 11)
    halves = {name: w.astype(np.float16) for name, w in weights.items()}
    checkAgainst(proteina.Twin(halves), convert(halves), 11)
    cut = {name: (w.view(np.uint32) & 0xFFFF0000).view(np.float32) for name, w in weights.items()}
    checkAgainst(proteina.Twin(cut), convert(weights, bfloat16=True), 11)


def testNamesOfACompiledModelAreRead(weights, convert):
    renamed = {name.replace("nn.", "nn._orig_mod."): w for name, w in weights.items()}
    checkAgainst(proteina.Twin(weights), convert(renamed), 11)


def testAModelWithoutFoldLabels(weights, convert):
    plain = {name: w for name, w in weights.items() if "embedding_" not in name}
    plain["nn.cond_factory.linear_out.weight"] = plain["nn.cond_factory.linear_out.weight"][:, :12]
    full = {name: w * 0 if "embedding_" in name else w for name, w in weights.items()}
    checkAgainst(proteina.Twin(full), convert(plain), 11)


def testTheSamplerHasTheLevelsOfTheCheckpoints(weights, convert):
    sampler = convert(weights).getSamplerSettings()
    assert (sampler.numSteps, sampler.noiseScale, sampler.renewal) == (400, 0.45, 1.0)
    t = 1 / (1 + np.array(sampler.getNoiseLevels()))
    assert np.abs(t[[1, 100, 200, 399]] - [0.011563, 0.690679, 0.909091, 0.999883]).max() < 2e-6
    assert t[0] < 2e-6 and t[400] == 1 and np.sum(t[:400] > 0.99) == 59
    k = np.arange(400)
    assert np.abs(t[:400] - (1 - 10 ** (-k / 200)) / 0.99).max() < 2e-6


def testTheModelFileKeepsEverything(weights, convert, tmp_path):
    convert(weights).save(str(tmp_path / "one.safetensors"))
    again = orbit.DenoiserModel.load(str(tmp_path / "one.safetensors"))
    assert again.toBytes() == convert(weights).toBytes() and again.getUnitInNanometers() == 1.0
    assert again.getMetadata("licence") == PROTEINA_LICENCE and "step 12,345" in again.getMetadata("training")
    generator = openmmorbit.BackboneGenerator(again)
    assert generator.lengths == LENGTHS and generator.atomsPerResidue == 1
    with pytest.raises(ValueError, match="a guidanceScale of 1 for this model, which has no secondary structure"):
        openmmorbit.BackboneGenerator(again, guidanceScale=3)
    with pytest.raises(ValueError, match="expected 10 to 40 residues"):
        generator.generate(41)
    with pytest.raises(ValueError, match="expected an open secondary structure, which this model does not know, got H "
                                         "for residue 3 of chain A of the backbone of 12 residues"):
        generator.generate(12, structure="??H?????????")


def testGenerationCanStartFromATraceAndKeepAMotif(weights, convert):
    model = convert(weights)
    trace = 0.1 * makeHelix(12)[:, 1]
    generator = openmmorbit.BackboneGenerator(model, platform="Reference", check=False, numSteps=4, sigmaMax=50.0)
    found = np.array(generator.generate(12, 1, seed=2, start=trace, fixed=[3, 4, 5])[0].positions._value)
    assert np.abs(found[3:6] - trace[3:6]).max() < 1e-6
    found = np.array(generator.generate(12, 1, seed=2, start=trace, level=0.3)[0].positions._value)
    assert np.isfinite(found).all()


def testTheCommandHasLevelsInAngstrom(weights, convert, tmp_path, capsys):
    convert(weights).save(str(tmp_path / "converted.safetensors"))
    writeHelix(tmp_path / "x.pdb", 12)
    line = ["backbones", "--model", tmp_path / "converted.safetensors", "--start", tmp_path / "x.pdb", "--platform",
            "Reference", "--no-check", "--seed", 3, "-o", tmp_path / "y.pdb", "-n", 1, "--level"]
    assert runCli(capsys, *line, 0.001)[0] == 2                 # below sigmaMin, 0.00012 nm
    assert openmmorbit.cli.main([str(entry) for entry in [*line, 0.01]]) == 0
    found, start = (10 * app.PDBFile(str(tmp_path / f"{name}.pdb")).getPositions(asNumpy=True)._value for name in "yx")
    assert np.linalg.norm(found - start[1::5] - (found - start[1::5]).mean(axis=0), axis=1).max() < 0.1


def testTheCPUPlatformAgreesInSinglePrecision(weights, convert):
    model = convert(weights)
    checkAgainst(proteina.Twin(weights), model, 33, tolerance=1e-4, platform="CPU")
    generator = openmmorbit.BackboneGenerator(model, properties={"Precision": "bf16"})
    with pytest.raises(ValueError, match="expected precision single for a gated transformer .* got .bf16"):
        generator.generate(12)


def testSharedSettingsCostNoTime(weights, tmp_path):
    # Tuples that hold each other twice, 60 deep: a copy of them would have 2^60 entries.
    shared = ({"other": 1},)
    for _ in range(60):
        shared = (shared, shared)
    content = proteina.makeCheckpoint(weights)
    content["hyper_parameters"]["shared"] = shared
    proteina.writeArchive(tmp_path / "shared.ckpt", content)
    assert convertCheckpoint(tmp_path / "shared.ckpt", lengths=LENGTHS).getSettings().numLayers > 0


def testTrainingDoesNotGoOnFromACheckpoint(weights, convert, tmp_path):
    convert(weights).save(str(tmp_path / "converted.safetensors"))
    writeArrays(tmp_path / "helices.npz", [20, 21, 22])
    with pytest.raises(ValueError, match="got \".*converted.safetensors\", a gated transformer: such models can be "
                                         "generated with, not trained"):
        openmmorbit.train(openmmorbit.BackboneDataset(tmp_path / "helices.npz"), tmp_path / "run", maxSteps=2,
                          progress=False, initialModel=str(tmp_path / "converted.safetensors"))


def testTheCodeOfThePageRuns(weights, tmp_path, monkeypatch):
    page = (Path(__file__).resolve().parents[1] / "docs" / "checkpoints.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.S)[1]
    proteina.writeArchive(tmp_path / "proteina.ckpt", proteina.makeCheckpoint(weights))
    monkeypatch.chdir(tmp_path)
    names = {}
    code = code.replace("noiseScale=0.35", "noiseScale=0.35, numSteps=3, check=False")
    exec(compile(code.replace("(100,", "(40,"), "checkpoints.md", "exec"), names)
    assert len(names["ensemble"]) == 8 and (tmp_path / "proteina.safetensors").exists()


def change(weights, name, values):
    return {**weights, f"nn.{name}": values}


_layer = "transformer_layers.1.mhba.mha."
_faults = [
    (lambda w: {key: v for key, v in w.items() if key != f"nn.{_layer}to_g.bias"},
     r'expected tensor "nn\.transformer_layers\.1\.mhba\.mha\.to_g\.bias" in .*, got none'),
    (lambda w: change(w, f"{_layer}to_qkv.weight", w[f"nn.{_layer}to_qkv.weight"][:-1]),
     r'expected shape \[72, 24\] for tensor "nn\.transformer_layers\.1\.mhba\.mha\.to_qkv\.weight" .*got \[71, 24\]'),
    (lambda w: change(w, "registers", w["nn.registers"][0]), r'"nn\.registers" with 2 dimensions .*got shape \[24\]'),
    (lambda w: change(w, "pair_update_layers.1.linear_x.weight", np.zeros((20, 24), np.float32)),
     "pairs that are updated behind layers 0, .* updates behind layers 1 of 3"),
    (lambda w: change(w, "pair_update_layers.0.linear_x.weight", np.zeros((20, 24), np.float32)),
     r'expected tensor "nn\.pair_update_layers\.0\.layer_norm_in\.weight" .*got none'),
    (lambda w: change(w, "init_repr_factory.linear_out.weight", np.zeros((24, 136), np.float32)), "136 columns, those "
     "of a motif model"),
    (lambda w: change(w, "pair_repr_builder.init_repr_factory.linear_out.weight", np.zeros((10, 448), np.float32)),
     "448, those of a motif model"),
    (lambda w: change(w, "local_latents_linear.0.weight", np.zeros((3, 3), np.float32)),
     r'only tensors that the network has .*"nn\.local_latents_linear\.0\.weight"'),
    (lambda w: change(w, f"{_layer}to_g.bias", w[f"nn.{_layer}to_g.bias"] * np.float32(np.nan)),
     r'expected finite values in tensor "layer\.1\.attention\.gate\.bias", got nan'),
    (lambda w: {"encoder.weight": np.zeros((3, 3), np.float32)}, r'expected tensor "nn\.linear_3d_embed\.weight"'),
    (lambda w: {key: v for key, v in w.items() if ".layers.2." not in key and "layers.1." not in key},
     r'expected tensor "nn\.transformer_layers\.1'),
]


@pytest.mark.parametrize("damage,expected", _faults)
def testWrongNetworksAreRefusedByTheTensor(weights, convert, damage, expected):
    with pytest.raises(ValueError, match=expected):
        convert(damage(weights))


@pytest.mark.parametrize("changed,expected", [
    ({"feats_init_seq": ["res_seq_pdb_idx", "motif_mask", "x_sc"]}, "the token features .*got .*motif_mask"),
    ({"feats_pair_repr": ["rel_seq_sep", "x_motif_pair_dists"]}, "the pair features .*got .*x_motif_pair_dists"),
    ({"parallel_mha_transition": True}, "halves of a layer one after the other"),
    ({"xt_pair_dist_max": 2}, "xt_pair_dist_max 3 .*got 2"),
])
def testOtherSettingsAreRefused(weights, convert, changed, expected):
    with pytest.raises(ValueError, match=expected):
        convert(weights, proteina.makeSettings(**changed))


def testWrongLengthsAreRefused(weights, convert):
    with pytest.raises(ValueError, match="expected lengths as the fewest and the most residues, .*, got .50, 40."):
        convert(weights, lengths=(50, 40))
    with pytest.raises(ValueError, match="lengths"):
        convert(weights, lengths=(0, 40))


def testOtherFilesAreRefused(tmp_path):
    path = tmp_path / "other.ckpt"
    path.write_bytes(pickle := b"\x80\x02}q\x00.")
    with pytest.raises(ValueError, match=r"expected a file that torch\.save\(\) of PyTorch 1\.6 or later wrote, got "
                                         r"'.*other\.ckpt', which is no zip archive"):
        convertCheckpoint(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "text")
    with pytest.raises(ValueError, match=r"expected one entry data\.pkl in '.*other\.ckpt', got 0"):
        convertCheckpoint(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle * 1000)
    with pytest.raises(ValueError, match="compressed"):
        convertCheckpoint(path)
    proteina.writeArchive(path, {"model": {"weight": np.zeros((2, 2), np.float32)}})
    with pytest.raises(ValueError, match="expected a checkpoint of Lightning with a state_dict"):
        convertCheckpoint(path)
    proteina.writeArchive(path, {}, lambda entries: {**entries, "byteorder": b"big"})
    with pytest.raises(ValueError, match="low byte first"):
        convertCheckpoint(path)
    with pytest.raises(FileNotFoundError):
        convertCheckpoint(tmp_path / "none.ckpt")


def testEveryTruncationIsRefused(weights, tmp_path):
    proteina.writeArchive(tmp_path / "whole.ckpt", proteina.makeCheckpoint(weights))
    whole = (tmp_path / "whole.ckpt").read_bytes()
    for part in (0, 10, len(whole) // 3, len(whole) - 30, len(whole) - 1):
        (tmp_path / "cut.ckpt").write_bytes(whole[:part])
        with pytest.raises(ValueError, match=r"cut\.ckpt"):
            convertCheckpoint(tmp_path / "cut.ckpt")


def testDamagedEntriesAreRefused(weights, tmp_path):
    path, content = tmp_path / "model.ckpt", proteina.makeCheckpoint(weights)
    proteina.writeArchive(path, content, lambda entries: {k: v for k, v in entries.items() if k != "data/7"})
    with pytest.raises(ValueError, match=r"expected the entry archive/data/7 in '.*', got none; the file is not comp"):
        convertCheckpoint(path)
    proteina.writeArchive(path, content, lambda entries: {**entries, "data/0": entries["data/0"][:-4]})
    with pytest.raises(ValueError, match=r'expected 72 numbers of 4 bytes for tensor "nn\.registers" .*got 284 bytes'):
        convertCheckpoint(path)
    proteina.writeArchive(path, content)
    raw = bytearray(path.read_bytes())
    raw[raw.index(weights["nn.registers"].tobytes()) + 5] ^= 1
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="expected the whole entry archive/data/0 .*Bad CRC"):
        convertCheckpoint(path)


def testNothingInAPickleIsExecuted(weights, tmp_path):
    path, mark = tmp_path / "evil.ckpt", tmp_path / "executed"
    evil = Call(Global("os", "system"), f"touch {mark}")
    proteina.writeArchive(path, {**proteina.makeCheckpoint(weights), "callbacks": evil,
                                 "hyper_parameters": Call(Global("builtins", "exec"), f"open('{mark}', 'w')")})
    convertCheckpoint(path, lengths=LENGTHS)
    with TorchArchive(path) as archive:
        assert isinstance(archive.content["callbacks"], Opaque) and archive.content["callbacks"].name == "os.system"
    proteina.writeArchive(path, proteina.makeCheckpoint(evil))
    with pytest.raises(ValueError, match="state_dict"):
        convertCheckpoint(path)
    proteina.writeArchive(path, proteina.makeCheckpoint({**weights, "nn.registers": evil}))
    with pytest.raises(ValueError, match=r'tensor "nn\.registers" in .*got something else'):
        convertCheckpoint(path)
    assert not mark.exists()


_tensor = Global("torch._utils", "_rebuild_tensor_v2")


@pytest.mark.parametrize("program,expected", [
    (b"\x80\x02(cos\nsystem\nS'true'\no.", "the instruction OBJ; nothing was executed"),
    (b"(S'true'\nios\nsystem\n.", "the instruction INST"),
    (b"\x80\x02X\x05\x00\x00\x00hello\x85R.", "an instruction without its values"),
    (b"\x80\x02X\x05\x00\x00\x00hello)R.", "a call of something that is no function"),
    (b"\x80\x02h\x05.", "a value that was not stored before"),
    (b"\x80\x02K\x01.trailing", None),
    (b"\x80\x02K\x01", "a whole pickle"),
    (b"\x80\x02X\xff\xff\xff\x7fshort.", "a whole pickle"),
    (b"\x80\x02]K\x01Ns.", "items for something that is no dict"),
    (b"\x80\x02Q.", "an instruction without its values"),
    (b"\x80\x02K\x01Q.", "a persistent id that is no storage"),
    (b"\x80\x02" + b"(" * 100000 + b"t" * 100000 + b"." , None),
    (b"", "a whole pickle"),
])
def testOtherPicklesAreRefused(tmp_path, program, expected):
    proteina.writeArchive(tmp_path / "odd.ckpt", {}, lambda entries: {**entries, "data.pkl": program})
    if expected is None:
        with TorchArchive(tmp_path / "odd.ckpt") as archive:
            assert archive.content is not None
        return
    with pytest.raises(ValueError, match=expected):
        TorchArchive(tmp_path / "odd.ckpt")


@pytest.mark.parametrize("shape,stride,offset", [((9,), (1,), 0), ((2, 2), (1, 7), 0), ((2,), (1,), 7),
                                                 ((2,), (-1,), 4), ((2**40, 2**40), (0, 0), 0), ((2,), (1, 1), 0),
                                                 ((True,), (1,), 0)])
def testTensorsBeyondTheirStorageAreRefused(tmp_path, shape, stride, offset):
    content = Call(_tensor, proteina.Storage("FloatStorage", "0", 8), offset, shape, stride, False, None)
    proteina.writeArchive(tmp_path / "odd.ckpt", {"a": content})
    with pytest.raises(ValueError, match="a tensor"):
        TorchArchive(tmp_path / "odd.ckpt")


def testTheCommandConverts(weights, tmp_path, capsys):
    proteina.writeArchive(tmp_path / "model.ckpt", proteina.makeCheckpoint(weights))
    arguments = ["convert", tmp_path / "model.ckpt", "-o", tmp_path / "model.safetensors", "--lengths", "10-40"]
    status, last = runCli(capsys, *arguments)
    assert status == 0 and "non-commercial" in last
    model = orbit.DenoiserModel.load(str(tmp_path / "model.safetensors"))
    assert model.getMetadata("name") == "model"
    status, last = runCli(capsys, *arguments, "--bf16", "--name", "other", "--licence", "mine")
    assert status == 0 and "licence: mine" in last
    assert orbit.DenoiserModel.load(str(tmp_path / "model.safetensors")).getMetadata("name") == "other"
    assert openmmorbit.cli.main(["info", str(tmp_path / "model.safetensors")]) == 0
    shown = capsys.readouterr().out
    assert "gated transformer" in shown and "3 registers" in shown and "data scale" not in shown
    status, last = runCli(capsys, "backbones", "--model", tmp_path / "model.safetensors", "--length", "12", "-n", "2",
                          "-o", tmp_path / "out.pdb", "--steps", "3", "--platform", "Reference", "--no-check")
    assert status == 0 and (tmp_path / "out.pdb").read_text().count("CA  ALA") == 24


def testTheCommandRefuses(weights, tmp_path, capsys):
    (tmp_path / "model.ckpt").write_text("no checkpoint")
    status, last = runCli(capsys, "convert", tmp_path / "model.ckpt", "-o", tmp_path / "out.safetensors")
    assert status == 2 and re.search(r"error: expected a file that torch\.save\(\)", last)
    assert not (tmp_path / "out.safetensors").exists()
    status, last = runCli(capsys, "convert", tmp_path / "none.ckpt", "-o", tmp_path / "out.safetensors")
    assert status == 2 and "none.ckpt" in last
    status, last = runCli(capsys, "convert", tmp_path / "model.ckpt", "-o", tmp_path / "model.ckpt")
    assert status == 2 and "not the input" in last
    status, last = runCli(capsys, "convert", tmp_path / "model.ckpt", "-o", tmp_path / "x.safetensors", "--lengths",
                          "a")
    assert status == 2 and "--lengths" in last
