// SPDX-License-Identifier: MIT
// The Python module openmmorbit.orbittraining: the trainer libOpenMMOrbitTraining, which loads LibTorch.
%module(package="openmmorbit") orbittraining

%include "factory.i"
%include "typemaps.i"
%include "exceptions.i"
%include "units.i"
%import "openmmorbit.i"

%{
#include "OpenMM.h"
#include "OpenMMAmoeba.h"
#include "OpenMMDrude.h"
#include "openmm/RPMDIntegrator.h"
#include "openmm/RPMDMonteCarloBarostat.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/SamplerSettings.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/OrbitPosterior.h"
#include "openmmorbit/OrbitTarget.h"
#include "openmmorbit/Ensemble.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/TopologyGenerator.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include "openmmorbit/Shard.h"
#include "openmmorbit/EnsembleMetrics.h"
#include "openmmorbit/TopologyInputs.h"
#include "openmmorbit/FrameStatistics.h"
#include "openmmorbit/StateCheck.h"
#include "openmmorbit/Trainer.h"
#include <iostream>
%}

%naturalvar;
namespace OrbitPlugin {
    struct DistillationSettings;
    struct TrainingDataset;
}
%template() std::vector<std::string>;
%template() std::vector<OrbitPlugin::TrainingDataset>;

ORBIT_VALUE(OrbitPlugin::DistillationSettings)
ORBIT_VALUE(OrbitPlugin::TrainingDataset)
ORBIT_VALUE(OrbitPlugin::TrainingSettings)
ORBIT_VALUE(OrbitPlugin::TrainingResult)
ORBIT_LONG_CALL(OrbitPlugin::train)
ORBIT_LONG_CALL(trainWithProgress)

%ignore OrbitPlugin::train(const TrainingSettings&, std::ostream&);
%include "openmmorbit/TrainingSettings.h"
%include "openmmorbit/Trainer.h"

%inline %{
/** As train(), and write lines of progress to standard error. SIGINT ends the run with a checkpoint. */
OrbitPlugin::TrainingResult trainWithProgress(const OrbitPlugin::TrainingSettings& settings) {
    std::ostream progress(std::cerr.rdbuf());
    return OrbitPlugin::train(settings, progress);
}
%}

// The metrics have moved to the main module; they stay reachable here.
%pythoncode %{
from openmmorbit.orbit import EnsembleMetrics, averageMetrics, compareEnsembles, computeSymmetricRmsd
%}
