# SPDX-License-Identifier: MIT
"""What is known of the conformers of an Ensemble: status, provenance, origin, and the copies that failed."""
from __future__ import annotations

from openmmorbit import orbit
from openmmorbit.distancegeometry import KERNEL

#: What the kernel's description says of copies of the longer sampler.
LONGER = ", longer sampler"


def findOrigin(provenance: orbit.ConformerProvenance) -> str:
    """Tell what made a conformer: "model", "sampler" for the longer sampler of the same model, or "rdkit"."""
    if provenance.kernel.startswith(KERNEL):
        return "rdkit"
    return "sampler" if provenance.kernel.endswith(LONGER) else "model"


class EnsembleProvenance:
    """The part of an Ensemble that tells of its conformers."""

    _core: orbit.Ensemble

    @property
    def numRequested(self) -> int:
        """Number of conformers that were asked for."""
        return self._core.getNumRequested()

    @property
    def status(self) -> list[orbit.ConformerStatus]:
        """What the inspection found: a list of ConformerStatus, one a conformer."""
        return [self._core.getStatus(i) for i in range(self._core.getNumConformers())]

    @property
    def provenance(self) -> list[orbit.ConformerProvenance]:
        """Where the conformers come from: a list of ConformerProvenance, one a conformer."""
        return [self._core.getProvenance(i) for i in range(self._core.getNumConformers())]

    @property
    def origins(self) -> list[str]:
        """What made the conformers: a list of str, one a conformer.

        "model"; "sampler": the longer sampler of the same model; "rdkit": RDKit's distance geometry. The last two are
        fallbacks of ConformerGenerator for copies that fail. The kernel in the provenance says it in full.
        """
        return [findOrigin(entry) for entry in self.provenance]

    @property
    def failures(self) -> list[orbit.FailedConformer]:
        """Copies that failed the inspection and are not among the conformers: a list of FailedConformer."""
        return [self._core.getFailure(i) for i in range(self._core.getNumFailures())]

    @property
    def message(self) -> str:
        """Why the request was answered in part only; empty if all is well."""
        return self._core.getMessage().replace("Generator::", "Generator.", 1)
