# SPDX-License-Identifier: MIT
"""The pair-bias transformer in eager PyTorch, as one would write it: padded batches, autocast, a sum of embeddings."""
import math

import numpy as np
import torch
from torch.nn import functional


class Molecule:
    """One molecule of a shard with the network's inputs."""

    def __init__(self, record, model):
        from openmmorbit import orbit

        self.label = record.graph.getLabel()
        inputs = orbit.describeMolecule(record.graph, model)
        orbit.addSymmetryGroup(record.graph, inputs)
        n = self.numAtoms = inputs.numTokens
        self.atoms = np.array(inputs.tokenFeatures).reshape(n, -1)
        self.pairs = np.array(inputs.pairFeatures).reshape(n, n, -1)
        self.group, self.graph = inputs.group, record.graph
        positions = np.array(record.positions, dtype=float).reshape(-1, n, 3)
        self.positions = positions - positions.mean(axis=1, keepdims=True)
        self.condition = list(model.getConditions()).index(record.condition)


def readMolecules(shard, model, limit=None):
    """Read the first molecules of a shard; those that the model does not know are left out."""
    from openmmorbit import orbit

    molecules, reader, record = [], orbit.ShardReader(str(shard)), orbit.ShardRecord()
    while (limit is None or len(molecules) < limit) and reader.next(record):
        try:
            molecules.append(Molecule(record, model))
        except ValueError:
            continue
    return molecules


class Batch:
    """Samples padded to the longest: noisy positions y [B][N][3] in Angstrom, noise levels, categories, mask."""

    def __init__(self, molecules, positions, sigma):
        size, longest = len(molecules), max(molecule.numAtoms for molecule in molecules)
        y = np.zeros((size, longest, 3), dtype=np.float32)
        atoms = np.zeros((size, longest, molecules[0].atoms.shape[1]), dtype=np.int64)
        pairs = np.zeros((size, longest, longest, molecules[0].pairs.shape[2]), dtype=np.int64)
        mask = np.zeros((size, longest), dtype=np.float32)
        for row, (molecule, x) in enumerate(zip(molecules, positions)):
            n = molecule.numAtoms
            y[row, :n], atoms[row, :n], pairs[row, :n, :n], mask[row, :n] = x, molecule.atoms, molecule.pairs, 1
        self.y, self.atoms, self.pairs, self.mask = map(torch.from_numpy, (y, atoms, pairs, mask))
        self.sigma = torch.as_tensor(np.asarray(sigma), dtype=torch.float32)
        self.condition = torch.tensor([molecule.condition for molecule in molecules])
        self.numAtoms = sum(molecule.numAtoms for molecule in molecules)


class EagerNetwork(torch.nn.Module):
    """F of section 4 of theory.md; the names of its parameters are those of the model file with _ for points."""

    def __init__(self, model, autocast=True):
        super().__init__()
        self.settings, self.autocast = model.getSettings(), autocast
        for name in model.getTensorNames():
            tensor = model.getTensor(name)
            values = torch.tensor(np.array(tensor.values, dtype=np.float32)).view(*[int(n) for n in tensor.shape])
            if name == "time.frequencies":
                self.register_buffer("frequencies", values)
            else:
                self.register_parameter(name.replace(".", "_"), torch.nn.Parameter(values))

    def get(self, name):
        return getattr(self, name.replace(".", "_"))

    def linear(self, x, name, bias=True):
        return functional.linear(x, self.get(name + ".weight"), self.get(name + ".bias") if bias else None)

    def products(self):
        """The large matrix products run in BF16."""
        return torch.autocast("cpu", torch.bfloat16, enabled=self.autocast)

    def normalize(self, x, shift, scale):
        return functional.layer_norm(x, x.shape[-1:]) * (1 + scale[:, None]) + shift[:, None]

    def attend(self, layer, x, u, bias, modulation):
        prefix, heads = f"layer.{layer}.attention.", self.settings.numHeads
        size, longest, width = x.shape
        a = self.normalize(x, modulation[:, 0], modulation[:, 1])
        with self.products():
            qkv = self.linear(a, prefix + "qkv").view(size, longest, 3, heads, -1).permute(2, 0, 3, 1, 4)
            scores = torch.matmul(qkv[0], qkv[1].transpose(-1, -2))
        w = torch.softmax(scores.float() / math.sqrt(width // heads) + bias.float(), -1)
        relative = (torch.matmul(w, u[:, None]) - u[:, None]).transpose(1, 2).reshape(size, longest, -1)
        with self.products():
            o = torch.matmul(w, qkv[2]).transpose(1, 2).reshape(size, longest, width)
            o = self.linear(o, prefix + "output")
        return x + modulation[:, 2, None] * (o.float() + self.linear(relative, prefix + "relative", False))

    def transform(self, layer, x, modulation):
        prefix = f"layer.{layer}.transition."
        a = self.normalize(x, modulation[:, 3], modulation[:, 4])
        with self.products():
            gate, value = self.linear(a, prefix + "up").chunk(2, -1)
            change = self.linear(functional.silu(gate) * value, prefix + "down")
        return x + modulation[:, 5, None] * change.float()

    def computeBias(self, u, batch, cond):
        settings = self.settings
        spacing = settings.radialMax / (settings.numRadial - 1)
        r = torch.sqrt((u[:, :, None] - u[:, None]).square().sum(-1) + 1e-12)
        radial = torch.exp(-0.5 * (r[..., None] / spacing - torch.arange(settings.numRadial)).square())
        embedding = self.get("pair.embedding")
        with self.products():
            h = self.linear(radial, "pair.radial", False) + self.linear(cond, "pair.time", False)[:, None, None]
            for feature in range(batch.pairs.shape[-1]):
                h = h + functional.embedding(batch.pairs[..., feature], embedding)
            h = functional.silu(self.linear(functional.silu(h), "pair.hidden"))
            bias = self.linear(h, "pair.bias")
        bias = bias.permute(0, 3, 1, 2) + ((batch.mask - 1) * 1e9)[:, None, None]
        return bias.unflatten(1, (settings.numLayers, settings.numHeads))

    def forward(self, batch):
        settings, scale = self.settings, self.settings.dataScale
        u = batch.y * (scale / torch.sqrt(batch.sigma ** 2 + scale ** 2))[:, None, None]
        phase = torch.log(batch.sigma)[:, None] / 4 * self.frequencies
        hidden = functional.silu(self.linear(torch.cat([phase.cos(), phase.sin()], 1), "time.hidden"))
        row = functional.embedding(batch.condition, self.get("condition.embedding"))
        cond = functional.silu(self.linear(hidden, "time.output") + row)
        x = self.linear(u, "token.coordinates", False)
        for feature in range(batch.atoms.shape[-1]):
            x = x + functional.embedding(batch.atoms[..., feature], self.get("token.embedding"))
        bias = self.computeBias(u, batch, cond)
        for layer in range(settings.numLayers):
            modulation = self.linear(cond, f"layer.{layer}.modulation").unflatten(1, (6, settings.width))
            x = self.attend(layer, x, u, bias[:, layer], modulation)
            x = self.transform(layer, x, modulation)
        head = self.linear(cond, "head.modulation").unflatten(1, (2, settings.width))
        output = self.linear(self.normalize(x, head[:, 0], head[:, 1]), "head", False) * batch.mask[..., None]
        mean = output.sum(1, keepdim=True) / batch.mask.sum(1)[:, None, None]
        return (output - mean) * batch.mask[..., None]

    def getFactors(self, sigma):
        """c_skip and c_out of (3.1), shaped for a batch."""
        scale, variance = self.settings.dataScale, sigma ** 2 + self.settings.dataScale ** 2
        return (scale ** 2 / variance)[:, None, None], (sigma * scale / torch.sqrt(variance))[:, None, None]

    def denoise(self, batch):
        """D(y, sigma) of (3.2), Angstrom."""
        skip, out = self.getFactors(batch.sigma)
        return skip * batch.y + out * self(batch)


def compareWithPlatform(model, molecule, platform="Reference"):
    """Largest deviation of D, in Angstrom, from OpenMM-Orbit's network on a platform.

    Euler steps y' = y + (sigma' - sigma) (y - D) / sigma of an OrbitDiffusionIntegrator are solved for D.
    """
    import openmm
    from openmm import unit
    from openmmorbit import orbit

    settings = orbit.SamplerSettings()
    settings.method, settings.schedule = orbit.SamplerMethod_Euler, orbit.NoiseSchedule_Logarithmic
    settings.numSteps = 6
    integrator = orbit.OrbitDiffusionIntegrator(model)
    integrator.setSamplerSettings(settings)
    integrator.setRandomNumberSeed(3)
    integrator.addMolecule(molecule.graph, list(range(molecule.numAtoms)), molecule.condition)
    system = openmm.System()
    for _ in range(molecule.numAtoms):
        system.addParticle(1.0)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(platform))
    context.setPositions(np.zeros((molecule.numAtoms, 3)))
    levels = settings.getNoiseLevels()
    frames = []
    for _ in range(settings.numSteps - 1):
        integrator.step(1)
        frame = context.getState(getPositions=True).getPositions(asNumpy=True).value_in_unit(unit.angstrom)
        frames.append(frame - frame.mean(axis=0))
    network, worst = EagerNetwork(model, autocast=False), 0.0
    for k, (y, following) in enumerate(zip(frames, frames[1:]), 1):
        expected = y - (following - y) * levels[k] / (levels[k + 1] - levels[k])
        with torch.no_grad():
            found = network.denoise(Batch([molecule], [y], [levels[k]])).numpy()[0]
        worst = max(worst, float(np.abs(found - expected).max()))
    return worst
