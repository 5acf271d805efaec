// SPDX-License-Identifier: MIT
// The Python module openmmorbit.orbitchem: the reading room libOpenMMOrbitChem, which loads RDKit's C++ libraries.
%module(package="openmmorbit") orbitchem

%include "factory.i"
%include "typemaps.i"
%include "exceptions.i"
%include "units.i"
%include "fields.i"
%import "openmmorbit.i"

%{
#include "OpenMM.h"
#include "OpenMMAmoeba.h"
#include "OpenMMDrude.h"
#include "openmm/RPMDIntegrator.h"
#include "openmm/RPMDMonteCarloBarostat.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/SamplerSettings.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/OrbitPosterior.h"
#include "openmmorbit/OrbitTarget.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/Ensemble.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/TopologyGenerator.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include "openmmorbit/MoleculeReader.h"
#include "openmmorbit/TopologyInputs.h"
#include "openmmorbit/FrameStatistics.h"
#include "openmmorbit/BackboneCheck.h"
#include "openmmorbit/BackboneGenerator.h"
#include "openmmorbit/BackboneInputs.h"
#include "openmmorbit/BackboneStatistics.h"
#include "openmmorbit/BackboneSubject.h"
#include "openmmorbit/BackboneSurvey.h"
#include "openmmorbit/StateCheck.h"
#include "openmmorbit/TopologyReader.h"
#include "openmmorbit/MMFFForceField.h"
#include "openmmorbit/MMFFSystem.h"
#include "openmmorbit/MoleculeWriter.h"
#include "openmmorbit/OpenStereo.h"
#include "openmmorbit/EnsembleShards.h"
%}

%naturalvar;
namespace OrbitPlugin {
    struct MoleculeRecord;
    struct OpenStereo;
}
%template() std::map<std::string, std::string>;
%template() std::vector<std::string>;
%template() std::vector<OrbitPlugin::MolecularGraph>;
%template() std::vector<OrbitPlugin::MoleculeRecord>;
%template() std::vector<OrbitPlugin::OpenStereo>;

ORBIT_VALUE(OrbitPlugin::ReaderOptions)
ORBIT_VALUE(OrbitPlugin::MoleculeRecord)
ORBIT_VALUE(OrbitPlugin::EnsembleShardOptions)
ORBIT_VALUE(OrbitPlugin::EnsembleShardReport)
ORBIT_VALUE(OrbitPlugin::MMFFMinima)

// Long calls release the interpreter's lock.
ORBIT_LONG_CALL(OrbitPlugin::writeEnsembleShard)
ORBIT_LONG_CALL(OrbitPlugin::MMFFForceField::minimize)
ORBIT_LONG_CALL(OrbitPlugin::MMFFForceField::computeEnergies)
ORBIT_LONG_CALL(OrbitPlugin::MMFFForceField::computeEnergyTerms)
ORBIT_LONG_CALL(OrbitPlugin::MMFFForceField::computeForces)

// A topology is a value of all rooms; its reader stands here.
%pythoncode %{
from openmmorbit.orbit import TopologyAtom, TopologyBond, TopologyRecord
%}
%include "openmmorbit/MoleculeReader.h"
%include "openmmorbit/TopologyReader.h"
%newobject OrbitPlugin::createMMFFSystem;
%ignore OrbitPlugin::makeMMFFSystem;
%include "openmmorbit/MMFFSystem.h"
%include "openmmorbit/MMFFForceField.h"
%extend OrbitPlugin::MMFFForceField {
    %pythoncode %{
    def __repr__(self):
        return f"<MMFFForceField: {self.getVariant()}, {self.getNumAtoms()} atoms, {self.getInstructionSet()}>"
    %}
}
%extend OrbitPlugin::MMFFMinima {
    %pythoncode %{
    def __repr__(self):
        return f"<MMFFMinima: {len(self.energies)} copies, {sum(self.converged)} of them converged>"
    %}
}
%include "openmmorbit/EnsembleShards.h"
%include "openmmorbit/MoleculeWriter.h"
%include "openmmorbit/OpenStereo.h"
