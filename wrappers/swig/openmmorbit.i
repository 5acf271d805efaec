// SPDX-License-Identifier: MIT
// The Python module openmmorbit.orbit: the public classes of libOpenMMOrbit.
%module(package="openmmorbit") orbit

%include "factory.i"
%import(module="openmm") "swig/OpenMMSwigHeaders.i"
%include "typemaps.i"
%include "exceptions.i"
%include "units.i"
%include "fields.i"

#define OPENMM_EXPORT_ORBIT

%{
#include "OpenMM.h"
#include "OpenMMAmoeba.h"
#include "OpenMMDrude.h"
#include "openmm/RPMDIntegrator.h"
#include "openmm/RPMDMonteCarloBarostat.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/OrbitRotations.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/OrbitPosterior.h"
#include "openmmorbit/OrbitTarget.h"
#include "openmmorbit/TrainingCounts.h"
#include "openmmorbit/FeatureVocabulary.h"
#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/SamplerSettings.h"
#include "openmmorbit/SamplerText.h"
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/EnsembleMetrics.h"
#include "openmmorbit/ConformerStatus.h"
#include "openmmorbit/ProgressCallback.h"
#include "openmmorbit/Ensemble.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/TopologyGenerator.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include "openmmorbit/Shard.h"
#include "openmmorbit/TopologyRecord.h"
#include "openmmorbit/TopologySubject.h"
#include "openmmorbit/TopologyInputs.h"
#include "openmmorbit/BackboneCheck.h"
#include "openmmorbit/BackboneGenerator.h"
#include "openmmorbit/BackboneInputs.h"
#include "openmmorbit/BackboneStatistics.h"
#include "openmmorbit/BackboneSubject.h"
#include "openmmorbit/BackboneSurvey.h"
#include "openmmorbit/FrameStatistics.h"
#include "openmmorbit/StateCheck.h"
#include "openmmorbit/MoleculeInputs.h"
#include "openmmorbit/BackboneReport.h"
#include "openmmorbit/BackboneBuilder.h"
%}

// Containers of values come back as tuples of copies, so that none of them outlives its owner.
%naturalvar;
%template() std::pair<int, int>;
%template() std::vector<std::pair<int, int>>;
%template() std::array<int, 4>;
%template() std::array<int, 3>;
%template() std::vector<std::vector<int>>;
%template() std::vector<std::string>;
%template() std::pair<std::string, std::string>;
%template() std::vector<std::pair<std::string, std::string>>;
%template() std::map<std::string, std::string>;
%template() std::map<std::string, std::vector<int>>;
%template() std::map<std::string, long long>;
%template() std::map<int, long long>;

// Lists of values are instantiated before the headers that use them.
namespace OrbitPlugin {
    struct GraphAtom;
    struct GraphBond;
    struct TetrahedralStereo;
    struct TorsionStereo;
    struct MolecularGraph;
    struct FeatureVocabulary;
    struct EnsembleMetrics;
    struct TopologyAtom;
    struct TopologyBond;
    struct GeometryRange;
    struct ContactRange;
    struct TopologySubject;
    struct HandedVolume;
    struct BackboneSubject;
    struct GenerationStart;
    struct ConformerConstraints;
    struct Pocket;
    struct TorsionRange;
    struct DistanceRange;
    class Ensemble;
}
%template() std::vector<OrbitPlugin::GraphAtom>;
%template() std::vector<OrbitPlugin::GraphBond>;
%template() std::vector<OrbitPlugin::TetrahedralStereo>;
%template() std::vector<OrbitPlugin::TorsionStereo>;
%template() std::vector<OrbitPlugin::MolecularGraph>;
%template() std::vector<OrbitPlugin::FeatureVocabulary>;
%template() std::vector<OrbitPlugin::HandedVolume>;
%template() std::vector<OrbitPlugin::Ensemble>;
%template() std::vector<OrbitPlugin::EnsembleMetrics>;
%template() std::vector<OrbitPlugin::TopologyAtom>;
%template() std::vector<OrbitPlugin::TopologyBond>;
%template() std::vector<OrbitPlugin::GeometryRange>;
%template() std::vector<OrbitPlugin::ContactRange>;
%template() std::vector<OrbitPlugin::BackboneSubject>;
%template() std::vector<OrbitPlugin::GenerationStart>;
%template() std::vector<OrbitPlugin::ConformerConstraints>;
%template() std::vector<OrbitPlugin::TorsionRange>;
%template() std::vector<OrbitPlugin::DistanceRange>;

ORBIT_VALUE(OrbitPlugin::MolecularGraph)
ORBIT_VALUE(OrbitPlugin::SymmetryGroup)
ORBIT_VALUE(OrbitPlugin::SamplerSettings)
ORBIT_VALUE(OrbitPlugin::PairBiasTransformerSettings)
ORBIT_VALUE(OrbitPlugin::ModelTensor)
ORBIT_VALUE(OrbitPlugin::TrainingCounts)
ORBIT_VALUE(OrbitPlugin::DenoiserModel)
ORBIT_VALUE(OrbitPlugin::ConformerStatus)
ORBIT_VALUE(OrbitPlugin::ConformerProvenance)
ORBIT_VALUE(OrbitPlugin::FailedConformer)
ORBIT_VALUE(OrbitPlugin::Ensemble)
ORBIT_VALUE(OrbitPlugin::EnsembleMetrics)
ORBIT_VALUE(OrbitPlugin::TopologyRecord)
ORBIT_VALUE(OrbitPlugin::TopologySubject)
ORBIT_VALUE(OrbitPlugin::BackboneStatistics)
ORBIT_VALUE(OrbitPlugin::BackboneSubject)
ORBIT_VALUE(OrbitPlugin::ShardRecord)
ORBIT_VALUE(OrbitPlugin::ShardSubject)
ORBIT_VALUE(OrbitPlugin::FrameBlock)
ORBIT_VALUE(OrbitPlugin::FrameBlockHead)
ORBIT_VALUE(OrbitPlugin::TokenInputs)
ORBIT_VALUE(OrbitPlugin::BackboneReport)
ORBIT_VALUE(OrbitPlugin::BuiltBackbone)

// Long calls release the interpreter's lock.
ORBIT_LONG_CALL(OrbitPlugin::orbitPosterior)
ORBIT_LONG_CALL(OrbitPlugin::orbitTarget)
ORBIT_LONG_CALL(OrbitPlugin::countTraining)
ORBIT_LONG_CALL(OrbitPlugin::computeSymmetricRmsd)
ORBIT_LONG_CALL(OrbitPlugin::compareEnsembles)
ORBIT_LONG_CALL(OrbitPlugin::buildBackbone)
ORBIT_LONG_CALL(OrbitPlugin::ConformerGenerator::generate)
ORBIT_LONG_CALL(OrbitPlugin::ConformerGenerator::generateBatch)
ORBIT_LONG_CALL(OrbitPlugin::TopologyGenerator::generate)
ORBIT_LONG_CALL(OrbitPlugin::BackboneGenerator::generate)
ORBIT_LONG_CALL(OrbitPlugin::BackboneGenerator::generateBatch)
ORBIT_LONG_CALL(OrbitPlugin::TopologyGenerator::generateWithDensity)
ORBIT_LONG_CALL(OrbitPlugin::TopologyGenerator::computeLogDensities)
ORBIT_LONG_CALL(OrbitPlugin::OrbitDiffusionIntegrator::step)
ORBIT_LONG_CALL(OrbitPlugin::OrbitDiffusionIntegrator::generate)

ORBIT_UNIT(OrbitPlugin::Ensemble::getPositions, _unit.nanometer)

// Small containers come back as Python's own.
%pythonappend OrbitPlugin::DenoiserModel::getAllMetadata %{
    val = dict(val)
%}
%pythonappend OrbitPlugin::Generator::getPlatformProperties %{
    val = dict(val)
%}
%pythonappend OrbitPlugin::OrbitDiffusionIntegrator::getMoleculeParticles %{
    val = tuple(int(index) for index in val)
%}

// A condition may be given by its name.
%pythonprepend OrbitPlugin::OrbitDiffusionIntegrator::addMolecule %{
    condition = _findCondition(self.getModel(), condition, "OrbitDiffusionIntegrator.addMolecule")
%}
%pythoncode %{
def _findCondition(model, condition, where):
    """Get the index of a condition that is given by its name or its index."""
    if not isinstance(condition, str):
        return condition
    known = list(model.getConditions())
    if condition not in known:
        raise ValueError(f"{where}: expected a condition of the model ({', '.join(known) or 'it has none'}), "
                         f"got '{condition}'")
    return known.index(condition)
%}
// In Python the system is always given as an openmm.app.Topology.
%rename("_addTopology") OrbitPlugin::OrbitDiffusionIntegrator::addTopology;
%extend OrbitPlugin::OrbitDiffusionIntegrator {
    %pythoncode %{
    def addTopology(self, topology, particles=None, condition=0):
        """
        Add the system that the model was trained for (not one of molecules), or a copy of it. It is a molecule of this
        integrator from then on.

        Parameters
        ----------
        topology : openmm.app.Topology
            The system; it is compared atom by atom with the one that the model was trained for.
        particles : sequence of int, optional
            Shape (numAtoms,): particle of every atom that the model knows, e.g. of the solute in a box of water.
            Default: the indices of these atoms in the topology.
        condition : str or int
            A condition of the model, e.g. a temperature such as "300 K"; default: its first one.

        Returns
        -------
        int
            The index of the molecule.

        Raises
        ------
        ValueError
            For another system, naming the first difference, a model of molecules, or particles that are negative or
            given twice. A Context refuses particles whose masses are not those of the atoms.
        """
        from openmmorbit import topologies

        return topologies.addTopology(self, topology, particles, condition)
    %}
}
// The door of the integrator: what the model was hardly trained for is said, as ConformerGenerator does.
%pythonappend OrbitPlugin::OrbitDiffusionIntegrator::addMolecule %{
    from openmmorbit import familiarity
    familiarity.warn(graph.getLabel(), self.getModel().getTrainingCounts().findUnfamiliar(graph))
%}

// Two Python faces of one integrator share its ownership.
%pythonappend OrbitPlugin::OrbitDiffusionIntegrator::cast %{
    if val is not None and integrator.thisown:
        integrator.this.disown()
        val.this.acquire()
        integrator.this = val.this
%}

// Extensions stand before the classes that they extend, so that their helpers are declared first.
%include "serialization.i"
%include "representations.i"
%include "pickles.i"
%include "openmmorbit/MolecularGraph.h"
%pythoncode %{
MolecularGraph.properties = property(
    lambda self: dict(_orbit.MolecularGraph_properties_get(self)),
    lambda self, items: _orbit.MolecularGraph_properties_set(
        self, [(str(name), str(value)) for name, value in dict(items).items()]),
    doc="Data items of the molecule's record, a dict of texts in their order; assign a whole dict to change it.")
%}
%include "openmmorbit/OrbitRotations.h"
%include "openmmorbit/Symmetry.h"
%include "openmmorbit/OrbitPosterior.h"
%include "openmmorbit/OrbitTarget.h"
%include "openmmorbit/SamplerSettings.h"
%pythoncode %{
def _initSamplerSettings(self, *arguments, _plain=SamplerSettings.__init__, **settings):
    """Create settings: the defaults, or a copy of others, with those that are given by name, e.g. method="euler"."""
    _plain(self, *arguments)
    if settings:
        from openmmorbit import samplersettings

        samplersettings.assign(self, settings, "SamplerSettings")


SamplerSettings.__init__ = _initSamplerSettings
%}
%include "openmmorbit/TrainingCounts.h"
%include "openmmorbit/FeatureVocabulary.h"
%include "openmmorbit/TokenInputs.h"
%include "openmmorbit/TopologyRecord.h"
%include "openmmorbit/TopologySubject.h"
%include "openmmorbit/BackboneSubject.h"
%include "openmmorbit/BackboneStatistics.h"
%include "openmmorbit/DenoiserModel.h"
%include "openmmorbit/ConformerStatus.h"
%include "openmmorbit/ConformerCheck.h"
%include "openmmorbit/EnsembleMetrics.h"
%ignore OrbitPlugin::GenerationStopped;
%include "openmmorbit/ProgressCallback.h"
%include "progress.i"
%include "openmmorbit/Ensemble.h"
%nodefaultctor OrbitPlugin::Generator;
%include "openmmorbit/GenerationStart.h"
%include "openmmorbit/ConformerConstraints.h"
%include "openmmorbit/Generator.h"
%ignore OrbitPlugin::ConformerGenerationError;
%include "openmmorbit/ConformerGenerator.h"
%include "openmmorbit/TopologyGenerator.h"
%include "openmmorbit/BackboneGenerator.h"
%include "openmmorbit/OrbitDiffusionIntegrator.h"
%include "openmmorbit/ShardSubject.h"
%include "openmmorbit/Shard.h"
%include "openmmorbit/MoleculeInputs.h"
%include "openmmorbit/TopologyInputs.h"
%include "openmmorbit/FrameStatistics.h"
%include "openmmorbit/StateCheck.h"
%include "openmmorbit/BackboneInputs.h"
%include "openmmorbit/BackboneCheck.h"
%include "openmmorbit/BackboneSurvey.h"
%include "openmmorbit/BackboneReport.h"
%ignore OrbitPlugin::BackboneError;
%include "openmmorbit/BackboneBuilder.h"
