# SPDX-License-Identifier: MIT
"""What all generators share: model, platform, sampler, inspection and redraws."""
from __future__ import annotations

import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from openmm import unit

from openmmorbit import orbit, samplersettings
from openmmorbit._fields import showGenerator
from openmmorbit.arguments import checkInteger, findPlatform
from openmmorbit.bars import makeBar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import openmm


class Generator:
    """The settings of a generator; a class for each kind of subject derives from it."""

    _core: orbit.Generator

    def _configure(self, core: orbit.Generator, platform: str | openmm.Platform | None,
                   properties: Mapping[str, Any] | None, threads: int | None, condition: str | None,
                   maxRedraws: int | None, check: bool, returnFailed: bool, timeLimit: float | None,
                   sampler: orbit.SamplerSettings | None, settings: dict[str, Any]) -> None:
        """Take a C++ generator and set what was given; see ConformerGenerator for the meaning."""
        from openmmorbit.simulation.states import toNumber

        self._core, where = core, type(self).__name__
        if platform is not None:
            core.setPlatformName(findPlatform(platform, where))
        if properties is not None:
            core.setPlatformProperties({str(key): str(value) for key, value in properties.items()})
        if threads is not None:
            core.setNumThreads(checkInteger("threads", threads, -2**31, where))
        formerRedraws = settings.pop("maxResamplings", None)
        self._setSampler(sampler, settings)
        if condition is not None:
            core.setCondition(str(condition))
        if maxRedraws is not None and formerRedraws is not None:
            raise ValueError(f"{where}: expected maxRedraws or its former name maxResamplings, got both, "
                             f"{maxRedraws} and {formerRedraws}; give maxRedraws")
        for name, value in (("maxRedraws", maxRedraws), ("maxResamplings", formerRedraws)):
            if value is not None:
                core.setMaxRedraws(checkInteger(name, value, 0, where))
        core.setCheckCopies(bool(check))
        core.setReturnFailed(bool(returnFailed))
        core.setTimeLimit(0.0 if timeLimit is None else toNumber(where, "timeLimit", timeLimit, unit.second))

    def _setSampler(self, sampler: orbit.SamplerSettings | None, settings: Mapping[str, Any]) -> None:
        """Set the sampler as a whole, or change single settings of the model's own."""
        name = type(self).__name__
        if sampler is not None and not isinstance(sampler, orbit.SamplerSettings):
            raise TypeError(f"{name}: expected sampler as an openmmorbit.SamplerSettings, got "
                            f"{type(sampler).__name__}; openmmorbit.SamplerSettings(numSteps=12) makes one")
        chosen = orbit.SamplerSettings(self._core.getSamplerSettings() if sampler is None else sampler)
        samplersettings.assign(chosen, settings, name)
        twice = [name for name, value in settings.items() if value is not None]
        if sampler is not None and twice:
            raise ValueError(f"{name}: expected every setting of the sampler once, got sampler, which has "
                             f"all of them, and {', '.join(twice)}; give {twice[0]} to the SamplerSettings")
        self._core.setSamplerSettings(chosen)

    @property
    def model(self) -> orbit.DenoiserModel:
        """The model as openmmorbit.orbit.DenoiserModel."""
        return self._core.getModel()

    @property
    def samplerSettings(self) -> orbit.SamplerSettings:
        """How the probability flow is integrated, as openmmorbit.orbit.SamplerSettings (a copy)."""
        return orbit.SamplerSettings(self._core.getSamplerSettings())

    def __repr__(self) -> str:
        return showGenerator(self._core, type(self).__name__)

    def kernelDescription(self) -> str:
        """Get the kernel's implementation, on CPU with the reason: "CPU (avx2, single): no BF16 products"."""
        return self._core.getKernelDescription()

    def toXml(self, embedModel: bool = False) -> str:
        """Get the settings as XML text.

        Parameters
        ----------
        embedModel : bool
            Hold the model itself instead of its path and checksum.
        """
        self._core.setEmbedModel(bool(embedModel))
        return self._core.toXml()

    @contextmanager
    def _watched(self, progress: bool) -> Iterator[orbit.PythonProgressCallback]:
        """Get a callback that lets Ctrl-C stop the C++ call, and shows a progress bar if wanted."""
        bar = report = None
        if progress:
            bar = makeBar(1000, "generating", form="{desc} {percentage:3.0f} % {bar} {remaining} left")

            def report(numFinished: int, numCopies: int, fraction: float) -> None:
                # Copies that are redrawn begin again, the bar does not.
                done = int(1000 * (numFinished + fraction * (numCopies - numFinished)) / max(numCopies, 1))
                bar.update(max(0, done - bar.n))

        try:
            yield orbit.PythonProgressCallback(report)
        finally:
            if bar is not None:
                bar.close()


def makeStart(where: str, positions: Any, level: Any, fixed: Sequence[int] | None,
              model: orbit.DenoiserModel) -> orbit.GenerationStart:
    """Get where a generation starts.

    Parameters
    ----------
    where : str
        The caller, for messages.
    positions : Quantity or array_like or None
        Shape (numAtoms, 3), in nm if there is no unit.
    level : float or Quantity or None
        Noise level, in the unit of sigmaMax if it has none.
    fixed : sequence of int or None
        Atoms that keep their places.
    model : openmmorbit.orbit.DenoiserModel
        Has the unit of sigmaMax.

    Raises
    ------
    ValueError
        For a level or fixed atoms without positions, positions without either, and a level that is not above 0.
    TypeError
        For positions that are no numbers, such as the name of a file.
    """
    from openmmorbit.simulation.states import toArray, toPlain

    start, chosen = orbit.GenerationStart(), None if fixed is None else list(fixed)
    if positions is None:
        for name, value in (("level", level), ("fixed", chosen)):
            if value is not None:
                raise ValueError(f"{where}: expected start with {name}, got {name}={value} alone; give the positions "
                                 "that it is about")
        return start
    array = toArray(where, "start", toPlain(where, "start", positions, unit.nanometer))
    if array.ndim != 2 or array.shape[1] != 3:
        raise ValueError(f"{where}: expected start of shape (numAtoms, 3), got {array.shape}")
    if chosen is not None and not chosen:
        raise ValueError(f"{where}: expected at least one entry in fixed, got none; leave it out to vary the start at "
                         "a level")
    if chosen is None and level is None:
        raise ValueError(f"{where}: expected level or fixed beside start, got neither; level=3 varies the start, and "
                         "fixed= keeps a part of it")
    start.positions, start.level, start.fixed = array.ravel(), toLevel(where, level, model), chosen or []
    return start


def toLevel(where: str, level: Any, model: orbit.DenoiserModel) -> float:
    """Get a noise level in the unit of sigmaMax, which is that of the model; 0 for None.

    Raises
    ------
    ValueError
        For a level that is not above 0, and a Quantity that is no length.
    TypeError
        For what is no number.
    """
    from openmmorbit.simulation.states import toPlain

    if level is None:
        return 0.0
    value = toPlain(where, "level", level, unit.nanometer)
    try:
        number = float(value) / (model.getUnitInNanometers() if unit.is_quantity(level) else 1.0)
    except (TypeError, ValueError):
        raise TypeError(f"{where}: expected level as a number or a Quantity, got {level!r}, a "
                        f"{type(level).__name__}") from None
    if not number > 0:
        raise ValueError(f"{where}: expected a level above 0, got {level}")
    return number


def showSettings(generator: type[Generator]) -> None:
    """Show the settings of the sampler by name in the signature and the text of a class of generators."""
    known = samplersettings.listSettings()
    initializer = generator.__dict__["__init__"]
    parameters = inspect.signature(initializer).parameters
    named = [inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, default=None,
                               annotation=f"{setting.kind.__name__} | None") for setting in known]
    own = [entry for entry in parameters.values() if entry.kind is not inspect.Parameter.VAR_KEYWORD]
    initializer.__dict__["__signature__"] = inspect.Signature([*own, *named], return_annotation="None")
    lines = "\n        ".join(f"- {setting.name} : {setting.kind.__name__}, {setting.description}" + (
        f" ({', '.join(setting.words)})" if setting.words else "") for setting in known)
    if generator.__doc__ is not None:
        generator.__doc__ = generator.__doc__.replace("{settings}", lines)
