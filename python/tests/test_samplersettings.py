# SPDX-License-Identifier: MIT
"""The settings of the sampler: one list, and every face of it."""
import argparse
import inspect
import json

import pytest

import openmmorbit
from openmmorbit import cli, orbit, samplersettings
from openmmorbit.command.generation import addGenerationOptions, readGenerationOptions


def otherValues():
    """Get a value for every setting that is not the default."""
    defaults = orbit.SamplerSettings()
    values = {}
    for setting in samplersettings.listSettings():
        default = getattr(defaults, setting.name)
        values[setting.name] = setting.words[default - 1] if setting.words else setting.kind(default / 2)
    return values


def testTheListIsThatOfTheLibrary():
    found = {setting.name: setting for setting in samplersettings.listSettings()}
    members = {name for name, value in inspect.getmembers(orbit.SamplerSettings) if isinstance(value, property)}
    assert set(found) == members - {"thisown"}
    assert set(found) == set(samplersettings.descriptions), "every setting has a sentence, and no other has one"
    assert found["method"].words == ("euler", "heun", "multistep", "bespoke") and found["rho"].words == ()
    assert [orbit.SamplerMethod_Euler, orbit.SamplerMethod_Heun, orbit.SamplerMethod_Multistep] == [0, 1, 2]
    assert found["schedule"].words[orbit.NoiseSchedule_UniformTime] == "uniformTime"
    assert (found["numSteps"].kind, found["sigmaMin"].kind, found["method"].kind) == (int, float, str)


def testEverySettingIsAKeyword(smallModel):
    values = otherValues()
    assert values == json.loads(openmmorbit.SamplerSettings(**values).toJson())
    # Molecules have no labels to guide by.
    values["guidanceScale"] = 1.0
    settings = openmmorbit.ConformerGenerator(smallModel, **values).samplerSettings
    assert json.loads(settings.toJson()) == values
    parameters = inspect.signature(openmmorbit.ConformerGenerator).parameters
    assert set(values) < set(parameters) and "settings" not in parameters and "self" not in parameters
    assert all(name in openmmorbit.ConformerGenerator.__doc__ for name in values)
    # None leaves a setting as it is.
    assert openmmorbit.ConformerGenerator(smallModel, numSteps=None, method=None).samplerSettings.numSteps == 24


@pytest.mark.parametrize("subcommand", [["conformers", "CCO", "-o", "a.sdf"], ["evaluate", "-", "a.sdf"]])
def testEverySettingIsAnOption(subcommand):
    values = otherValues()
    arguments = [text for setting in samplersettings.listSettings() for text in (setting.option,
                                                                                 str(values[setting.name]))]
    options = cli.makeParser().parse_args([*subcommand, *arguments, "--max-redraws", "3", "--time-limit", "2.5",
                                           "--platform", "Reference", "--threads", "2", "--precision", "single"])
    assert readGenerationOptions(options) == {**values, "maxRedraws": 3, "timeLimit": 2.5, "platform": "Reference",
                                              "threads": 2, "properties": {"Precision": "single"}}
    assert readGenerationOptions(cli.makeParser().parse_args(subcommand)) == {}


def testOptionsOfEarlierVersionsAreUnderstood():
    parser = argparse.ArgumentParser()
    addGenerationOptions(parser, "the first one")
    options = parser.parse_args("--max-resamplings 4 --steps 3 --sigma-max 9 --stereo-guidance 0".split())
    assert readGenerationOptions(options) == {"maxRedraws": 4, "numSteps": 3, "sigmaMax": 9, "stereoGuidance": 0}


def testASamplerAsAWhole(smallModel):
    sampler = openmmorbit.SamplerSettings(numSteps=3, method="euler", renewal=0)
    generator = openmmorbit.ConformerGenerator(smallModel, sampler=sampler, check=False, platform="Reference")
    assert generator.samplerSettings.toJson() == sampler.toJson()
    same = openmmorbit.ConformerGenerator(smallModel, numSteps=3, method="euler", renewal=0, check=False,
                                          platform="Reference")
    positions = [made.generate("CCO", 2, seed=5).positions._value for made in (generator, same)]
    assert (positions[0] == positions[1]).all()
    # The generator has a copy, and a copy may be changed by name.
    sampler.numSteps = 9
    assert generator.samplerSettings.numSteps == 3
    assert openmmorbit.SamplerSettings(sampler, numSteps=4).getNumEvaluations() == 4 and sampler.numSteps == 9


def testASettingIsGivenOnce(smallModel):
    sampler = openmmorbit.SamplerSettings()
    with pytest.raises(ValueError, match="every setting of the sampler once, got sampler, .* and rho, renewal"):
        openmmorbit.ConformerGenerator(smallModel, sampler=sampler, rho=3, renewal=0.5, numSteps=None)
    with pytest.raises(ValueError, match="maxRedraws or its former name maxResamplings, got both, 1 and 2"):
        openmmorbit.ConformerGenerator(smallModel, maxRedraws=1, maxResamplings=2)
    with pytest.raises(TypeError, match="sampler as an openmmorbit.SamplerSettings, got dict"):
        openmmorbit.ConformerGenerator(smallModel, sampler={"numSteps": 3})


def testUnknownSettingsAreNamed(smallModel):
    with pytest.raises(TypeError, match="Generator: expected a setting of numSteps, .*, got an argument 'churn'"):
        openmmorbit.ConformerGenerator(smallModel, churn=1)
    with pytest.raises(TypeError, match="SamplerSettings: expected a setting of .*got an argument 'steps'"):
        openmmorbit.SamplerSettings(steps=1)
    with pytest.raises(ValueError, match="SamplerSettings: expected a method of 'euler', .*, got 'rk4'"):
        openmmorbit.SamplerSettings(method="rk4")


def testTheFormerNameOfRedraws(smallModel):
    for options in ({"maxRedraws": 1}, {"maxResamplings": 1}):
        generator = openmmorbit.ConformerGenerator(smallModel, platform="Reference", numSteps=2, returnFailed=True,
                                                   **options)
        provenance = generator.generate("CCO", 1, seed=3).provenance[0]
        assert provenance.numRedraws == provenance.numResamplings == 1 and "1 redraw," in repr(provenance)
    with pytest.raises(ValueError, match="expected maxResamplings from 0"):
        openmmorbit.ConformerGenerator(smallModel, maxResamplings=-1)
