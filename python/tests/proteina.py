# SPDX-License-Identifier: MIT
"""A twin of the network and sampler of Proteina's checkpoints in NumPy, and files in their layout with random weights.

It follows the published layout: one-hot features side by side, one matrix for them, conditions as an input of every
row. Nothing of it is made from the code under test.
"""
import io
import pickle
import zipfile

import numpy as np


class Global:
    """The name of a class or function in a pickle."""

    def __init__(self, module, name):
        self.module, self.name = module, name

    def __call__(self):
        raise RuntimeError("never called")


class Call:
    """An object that a pickle makes by calling something."""

    def __init__(self, function, *arguments, state=None):
        self.parts = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.parts


class Storage:
    def __init__(self, kind, key, count):
        self.identity = ("storage", Global("torch", kind), key, "cpu", count)


class _Pickler(pickle._Pickler):
    dispatch = dict(pickle._Pickler.dispatch)

    def persistent_id(self, obj):
        return obj.identity if isinstance(obj, Storage) else None

    def saveGlobal(self, obj):
        self.write(f"c{obj.module}\n{obj.name}\n".encode())

    dispatch[Global] = saveGlobal


_kinds = {"float32": "FloatStorage", "float64": "DoubleStorage", "float16": "HalfStorage", "int64": "LongStorage"}


def writeArchive(path, content, change=lambda entries: entries, bfloat16=False):
    """Write a file as torch.save() does; arrays in nested dicts and lists become tensors."""
    entries, numbers = {}, {}

    def convert(value):
        if isinstance(value, dict):
            return {key: convert(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [convert(entry) for entry in value]
        if not isinstance(value, np.ndarray):
            return value
        key, kind, flat = str(len(numbers)), _kinds[str(value.dtype)], np.ascontiguousarray(value)
        if bfloat16:
            kind, flat = "BFloat16Storage", (flat.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
        numbers[key] = flat.tobytes()
        strides = tuple(int(step // value.itemsize) for step in np.ascontiguousarray(value).strides)
        return Call(Global("torch._utils", "_rebuild_tensor_v2"), Storage(kind, key, value.size), 0,
                    tuple(map(int, value.shape)), strides, False, Call(Global("collections", "OrderedDict")))

    stream = io.BytesIO()
    _Pickler(stream, 2).dump(convert(content))
    entries["data.pkl"] = stream.getvalue()
    entries["byteorder"] = b"little"
    entries.update({f"data/{key}": raw for key, raw in numbers.items()})
    entries["version"] = b"3\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, raw in change(entries).items():
            archive.writestr(f"archive/{name}", raw)


def makeSettings(**changed):
    """Get settings as OmegaConf pickles them: objects of its classes with nodes inside."""
    def node(value):
        if isinstance(value, dict):
            content, kind = {key: node(entry) for key, entry in value.items()}, "dictconfig.DictConfig"
        elif isinstance(value, list):
            content, kind = [node(entry) for entry in value], "listconfig.ListConfig"
        else:
            return Call(Global("copyreg", "__newobj__"), state={"_metadata": None, "_val": value})
        return Call(Global(f"omegaconf.{kind.split('.')[0]}", kind.split(".")[1]),
                    state={"_metadata": None, "_content": content})

    network = {"feats_init_seq": ["res_seq_pdb_idx", "chain_break_per_res", "x_sc"],
               "feats_pair_repr": ["rel_seq_sep", "x_sc_pair_dists", "xt_pair_dists"], "xt_pair_dist_max": 3,
               "parallel_mha_transition": False, **changed}
    return {"cfg_exp": node({"model": {"nn": network}, "lora": {"use": True, "lora_alpha": 32.0}}), "store_dir": "runs"}


def makeWeights(width=24, heads=4, layers=3, cond=16, pair=10, waves=12, index=8, registers=3, seed=1, updates=(),
                triangle=0):
    """Get random tensors by the names of a published checkpoint, with updates of pairs behind some layers."""
    random, tensors = np.random.default_rng(seed), {}

    def add(name, *shape, mean=0.0, scale=None):
        deviation = scale if scale is not None else shape[-1] ** -0.5
        tensors[f"nn.{name}"] = (mean + deviation * random.normal(size=shape)).astype(np.float32)

    def norm(name, size):
        add(f"{name}.weight", size, mean=1.0, scale=0.2)
        add(f"{name}.bias", size, scale=0.2)

    def adaptive(name, size):
        norm(f"{name}.norm_cond", cond)
        add(f"{name}.to_gamma.0.weight", size, cond)
        add(f"{name}.to_gamma.0.bias", size, scale=0.2)
        add(f"{name}.to_beta.weight", size, cond)

    add("registers", registers, width, scale=0.5)
    add("linear_3d_embed.weight", width, 3)
    add("init_repr_factory.linear_out.weight", width, index + 4, scale=0.5)
    for level, count in zip("CAT", (5, 7, 9)):
        add(f"cond_factory.feat_creators.1.embedding_{level}.weight", count, 6, scale=1.0)
    add("cond_factory.linear_out.weight", cond, waves + 18)
    for k in (1, 2):
        add(f"transition_c_{k}.swish_linear.0.weight", 4 * cond, cond)
        add(f"transition_c_{k}.linear_out.weight", cond, 2 * cond)
    add("pair_repr_builder.init_repr_factory.linear_out.weight", pair, 319, scale=0.5)
    norm("pair_repr_builder.init_repr_factory.ln_out", pair)
    add("pair_repr_builder.cond_factory.linear_out.weight", cond, waves)
    norm("pair_repr_builder.cond_factory.ln_out", cond)
    adaptive("pair_repr_builder.adaln", pair)
    for layer in range(layers):
        prefix = f"transformer_layers.{layer}."
        for half in ("mhba", "transition"):
            adaptive(f"{prefix}{half}.adaln", width)
            add(f"{prefix}{half}.scale_output.to_adaln_zero_gamma.0.weight", width, cond)
            add(f"{prefix}{half}.scale_output.to_adaln_zero_gamma.0.bias", width, scale=0.5)
        attention = f"{prefix}mhba.mha."
        for name, size in (("node_norm", width), ("q_layer_norm", width), ("k_layer_norm", width), ("pair_norm", pair)):
            norm(attention + name, size)
        for name, size in (("to_qkv", 3 * width), ("to_g", width), ("to_out_node", width)):
            add(f"{attention}{name}.weight", size, width)
            add(f"{attention}{name}.bias", size, scale=0.2)
        add(f"{attention}to_bias.weight", heads, pair)
        add(f"{prefix}transition.transition.swish_linear.0.weight", 8 * width, width)
        add(f"{prefix}transition.transition.linear_out.weight", width, 4 * width)
    def linear(name, *shape):
        add(f"{name}.weight", *shape)
        add(f"{name}.bias", shape[0], scale=0.2)

    for layer in updates:
        prefix = f"pair_update_layers.{layer}."
        norm(f"{prefix}layer_norm_in", width)
        add(f"{prefix}linear_x.weight", 2 * pair, width)
        for side in ("out", "in") if triangle else ():
            norm(f"{prefix}tri_mult_{side}.layer_norm_in", pair)
            for name in ("a_p", "a_g", "b_p", "b_g"):
                linear(f"{prefix}tri_mult_{side}.linear_{name}", triangle, pair)
            linear(f"{prefix}tri_mult_{side}.linear_g", pair, pair)
            linear(f"{prefix}tri_mult_{side}.linear_z", pair, triangle)
            norm(f"{prefix}tri_mult_{side}.layer_norm_out", triangle)
        norm(f"{prefix}transition_out.layer_norm", pair)
        linear(f"{prefix}transition_out.linear_1", 2 * pair, pair)
        linear(f"{prefix}transition_out.linear_2", pair, 2 * pair)
    if updates:
        norm("pair_head_prediction.0", pair)
        linear("pair_head_prediction.1", 64, pair)
    norm("coors_3d_decoder.0", width)
    add("coors_3d_decoder.1.weight", 3, width, scale=0.1)
    return tensors


def makeCheckpoint(tensors, settings=None):
    """Get the content of a checkpoint."""
    return {"epoch": 3, "global_step": 12345, "pytorch-lightning_version": "2.5.0", "state_dict": tensors,
            "hyper_parameters": makeSettings() if settings is None else settings, "optimizer_states": [{"state": {}}]}


def _norm(x, weight=1.0, bias=0.0):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * weight + bias


def _sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def _oneHot(values, limits):
    return np.eye(len(limits) + 1)[np.searchsorted(limits, values)]


def _distances(x):
    return np.linalg.norm(x[:, None] - x[None], axis=-1)


class Twin:
    """The network of a checkpoint; call it with x_t, t and x_sc."""

    def __init__(self, tensors, order=("index", "break", "x_sc")):
        self.w = {name[3:]: values.astype(float) for name, values in tensors.items()}
        self.order = order
        self.layers = 1 + max(int(name.split(".")[1]) for name in self.w if name.startswith("transformer_layers."))

    def linear(self, name, x):
        return x @ self.w[f"{name}.weight"].T + self.w.get(f"{name}.bias", 0.0)

    def norm(self, name, x):
        return _norm(x, self.w[f"{name}.weight"], self.w[f"{name}.bias"])

    def adaptive(self, name, x, cond):
        cond = self.norm(f"{name}.norm_cond", cond)
        return _norm(x) * _sigmoid(self.linear(f"{name}.to_gamma.0", cond)) + self.linear(f"{name}.to_beta", cond)

    def swiglu(self, name, x):
        value, gate = np.split(self.linear(f"{name}swish_linear.0", x), 2, axis=-1)
        return self.linear(f"{name}linear_out", value * gate * _sigmoid(gate))

    def time(self, t, size):
        angles = 2000 * t * 2000.0 ** (-np.arange(size // 2) / (size // 2 - 1))
        return np.concatenate([np.sin(angles), np.cos(angles)])

    def tokens(self, x, before):
        """First vectors of the residues. What the converter adds up is rounded to 32 bits, as in its file."""
        weight, n = self.w["init_repr_factory.linear_out.weight"], len(x)
        size = weight.shape[1] - 4
        angles = np.arange(1, n + 1)[:, None] * np.pi / 2056.0 ** (2 * np.arange(size // 2) / size)
        parts = {"index": np.concatenate([np.sin(angles), np.cos(angles)], 1), "break": np.zeros((n, 1)),
                 "x_sc": np.zeros((n, 3)) if before is None else before}
        first, vectors = 0, self.linear("linear_3d_embed", x)
        for name in self.order:
            columns = weight[:, first:first + parts[name].shape[1]]
            part = parts[name] @ columns.T
            vectors = vectors + (part.astype(np.float32).astype(float) if name == "index" else part)
            first += columns.shape[1]
        return vectors

    def pairs(self, x, before, waves):
        n = len(x)
        separation = np.arange(n)[:, None] - np.arange(n)[None]
        none = np.zeros((n, n, 128))
        features = [_oneHot(separation, np.linspace(-62.5, 62.5, 126)),
                    none if before is None else _oneHot(_distances(before), np.linspace(0.1, 3, 127)),
                    _oneHot(_distances(x), np.linspace(0.1, 3, 63))]
        builder = "pair_repr_builder."
        pair = self.norm(f"{builder}init_repr_factory.ln_out", self.linear(f"{builder}init_repr_factory.linear_out",
                                                                           np.concatenate(features, -1)))
        cond = self.norm(f"{builder}cond_factory.ln_out", self.linear(f"{builder}cond_factory.linear_out", waves))
        return self.adaptive(f"{builder}adaln", pair, cond)

    def condition(self, t, n):
        weight = self.w["cond_factory.linear_out.weight"]
        labels = [self.w[f"cond_factory.feat_creators.1.embedding_{level}.weight"][-1] for level in "CAT"]
        numLabels = sum(map(len, labels))
        waves = self.time(t, weight.shape[1] - numLabels)
        constant = (weight[:, -numLabels:] @ np.concatenate(labels)).astype(np.float32).astype(float)
        cond = weight[:, :-numLabels] @ waves + constant
        return np.tile(self.swiglu("transition_c_2.", self.swiglu("transition_c_1.", cond)), (n, 1))

    def attention(self, name, x, pair):
        """Attention between all rows of x."""
        n, d = x.shape
        heads = len(self.w[f"{name}to_bias.weight"])
        x = self.norm(f"{name}node_norm", x)
        q, k, v = np.split(self.linear(f"{name}to_qkv", x), 3, axis=-1)
        q, k = self.norm(f"{name}q_layer_norm", q), self.norm(f"{name}k_layer_norm", k)
        bias = self.linear(f"{name}to_bias", self.norm(f"{name}pair_norm", pair))
        q, k, v = (part.reshape(n, heads, d // heads) for part in (q, k, v))
        scores = np.einsum("ihc,jhc->ijh", q, k) * (d // heads) ** -0.5 + bias
        weights = np.exp(scores - scores.max(1, keepdims=True))
        weights /= weights.sum(1, keepdims=True)
        read = np.einsum("ijh,jhc->ihc", weights, v).reshape(n, d)
        return self.linear(f"{name}to_out_node", read * _sigmoid(self.linear(f"{name}to_g", x)))

    def update(self, prefix, rows, pair):
        """Update the descriptions of all pairs of rows."""
        rows = self.norm(f"{prefix}layer_norm_in", rows)
        first, second = np.split(self.linear(f"{prefix}linear_x", rows), 2, axis=-1)
        pair = pair + first[None] + second[:, None]
        for side, sum_ in (("out", "ikc,jkc->ijc"), ("in", "kic,kjc->ijc")):
            name = f"{prefix}tri_mult_{side}."
            if f"{name}linear_g.weight" not in self.w:
                continue
            z = self.norm(f"{name}layer_norm_in", pair)
            a, b = (_sigmoid(self.linear(f"{name}linear_{k}_g", z)) * self.linear(f"{name}linear_{k}_p", z)
                    for k in "ab")
            read = self.linear(f"{name}linear_z", self.norm(f"{name}layer_norm_out", np.einsum(sum_, a, b)))
            pair = pair + read * _sigmoid(self.linear(f"{name}linear_g", z))
        z = self.norm(f"{prefix}transition_out.layer_norm", pair)
        hidden = np.maximum(self.linear(f"{prefix}transition_out.linear_1", z), 0)
        return pair + self.linear(f"{prefix}transition_out.linear_2", hidden)

    def __call__(self, x, t, before=None):
        """Get the velocity v [n][3] at x_t [n][3], nm."""
        registers, n = self.w.get("registers"), len(x)
        first = 0 if registers is None else len(registers)
        cond = np.pad(self.condition(t, n), ((first, 0), (0, 0)))
        waves = self.time(t, self.w["pair_repr_builder.cond_factory.linear_out.weight"].shape[1])
        pair = np.pad(self.pairs(x, before, waves), ((first, 0), (first, 0), (0, 0)))
        rows = self.tokens(x, before)
        if first:
            rows = np.concatenate([registers, rows])
        for layer in range(self.layers):
            prefix = f"transformer_layers.{layer}."
            for half in ("mhba", "transition"):
                a = self.adaptive(f"{prefix}{half}.adaln", rows, cond)
                a = self.attention(f"{prefix}mhba.mha.", a, pair) if half == "mhba" else \
                    self.swiglu(f"{prefix}transition.transition.", a)
                gate = self.linear(f"{prefix}{half}.scale_output.to_adaln_zero_gamma.0", cond)
                rows = rows + a * _sigmoid(gate)
            if f"pair_update_layers.{layer}.linear_x.weight" in self.w:
                pair = self.update(f"pair_update_layers.{layer}.", rows, pair)
        return self.linear("coors_3d_decoder.1", self.norm("coors_3d_decoder.0", rows[first:]))


def drawNoise(seed, record, copy, count):
    """Get centred normal numbers [count][3], equations (6.1) and (6.2) of theory.md."""
    mask = np.uint64(0xFFFFFFFF)
    c = [np.full(count, value, np.uint64) for value in (record, copy, 0)] + [np.arange(count, dtype=np.uint64)]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        p, q = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(q >> np.uint64(32)) ^ c[1] ^ np.uint64(key[0]), q & mask, (p >> np.uint64(32)) ^ c[3] ^
             np.uint64(key[1]), p & mask]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    u = [(word.astype(float) + 0.5) / 2**32 for word in c]
    radius = [np.sqrt(-2 * np.log(u[0])), np.sqrt(-2 * np.log(u[2]))]
    normals = np.stack([radius[0] * np.cos(2 * np.pi * u[1]), radius[0] * np.sin(2 * np.pi * u[1]),
                        radius[1] * np.cos(2 * np.pi * u[3])], axis=1)
    return normals - normals.mean(0)


def sample(twin, count, levels, noiseScale, seed):
    """Sample with Euler's steps of the reverse SDE (rule Rate, renewal 1) and self-conditioning; nm, copy 0."""
    y, before = levels[0] * drawNoise(seed, 0, 0, count), None
    for step, sigma in enumerate(levels[:-1]):
        t, after = 1 / (1 + sigma), levels[step + 1]
        velocity = twin(t * y, t, before)
        # x_1 = x_t + (1 - t) v, centred.
        before = t * y + (1 - t) * (velocity - velocity.mean(0))
        share = np.sqrt(1 - (after / sigma) ** 2)
        reached = after * np.sqrt(1 - share**2)
        y = before + reached / sigma * (y - before)
        if after > 0:
            y += np.sqrt(noiseScale) * share * after * drawNoise(seed ^ ((step + 1) << 32), 0, 0, count)
    return y
