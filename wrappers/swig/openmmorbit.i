// SPDX-License-Identifier: MIT
// The Python module openmmorbit.orbit: the public classes of libOpenMMOrbit.
%module(package="openmmorbit") orbit

%include "factory.i"
%import(module="openmm") "swig/OpenMMSwigHeaders.i"
%include "typemaps.i"
%include "exceptions.i"
%include "units.i"

#define OPENMM_EXPORT_ORBIT

%{
#include "OpenMM.h"
#include "OpenMMAmoeba.h"
#include "OpenMMDrude.h"
#include "openmm/RPMDIntegrator.h"
#include "openmm/RPMDMonteCarloBarostat.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/OrbitPosterior.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/SamplerSettings.h"
%}

// Containers of values come back as tuples of copies, so that none of them outlives its owner.
%naturalvar;
%template() std::pair<int, int>;
%template() std::vector<std::pair<int, int>>;
%template() std::array<int, 4>;
%template() std::vector<std::vector<int>>;
%template() std::vector<std::string>;
%template() std::map<std::string, std::string>;
%template() std::map<std::string, std::vector<int>>;

%apply std::string BYTES { std::string toBytes };
ORBIT_LONG_CALL(OrbitPlugin::orbitPosterior)

%include "openmmorbit/MolecularGraph.h"
%template() std::vector<OrbitPlugin::GraphAtom>;
%template() std::vector<OrbitPlugin::GraphBond>;
%template() std::vector<OrbitPlugin::TetrahedralStereo>;
%template() std::vector<OrbitPlugin::TorsionStereo>;
%include "openmmorbit/Symmetry.h"
%include "openmmorbit/OrbitPosterior.h"
%include "openmmorbit/SamplerSettings.h"
%include "openmmorbit/DenoiserModel.h"
%template() std::vector<OrbitPlugin::FeatureVocabulary>;
