// SPDX-License-Identifier: MIT
// The Python module openmmorbit.orbittraining: the trainer libOpenMMOrbitTraining, which loads LibTorch.
%module(package="openmmorbit") orbittraining

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
#include "openmmorbit/BackboneCheck.h"
#include "openmmorbit/BackboneGenerator.h"
#include "openmmorbit/BackboneInputs.h"
#include "openmmorbit/BackboneStatistics.h"
#include "openmmorbit/BackboneSubject.h"
#include "openmmorbit/BackboneSurvey.h"
#include "openmmorbit/StateCheck.h"
#include "openmmorbit/Trainer.h"
#include <iostream>
#include <streambuf>
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
ORBIT_LONG_CALL(trainWithLines)

%ignore OrbitPlugin::train(const TrainingSettings&, std::ostream&);
%include "openmmorbit/TrainingSettings.h"
%include "openmmorbit/Trainer.h"

%{
namespace {

/** Hands whole lines to a Python function. What the function raises is reported and changes nothing. */
class LineBuffer : public std::streambuf {
public:
    explicit LineBuffer(PyObject* function) : function(function) {
    }
protected:
    int_type overflow(int_type c) override {
        if (c != '\n') {
            line.push_back((char) c);
            return c;
        }
        PyGILState_STATE state = PyGILState_Ensure();
        PyObject* answer = PyObject_CallFunction(function, "s#", line.c_str(), (Py_ssize_t) line.size());
        if (answer == nullptr)
            PyErr_WriteUnraisable(function);
        Py_XDECREF(answer);
        PyGILState_Release(state);
        line.clear();
        return c;
    }
private:
    PyObject* function;
    std::string line;
};

} // namespace
%}

%inline %{
/** As train(), and write lines of progress to standard error. SIGINT ends the run with a checkpoint. */
OrbitPlugin::TrainingResult trainWithProgress(const OrbitPlugin::TrainingSettings& settings) {
    std::ostream progress(std::cerr.rdbuf());
    return OrbitPlugin::train(settings, progress);
}

/** As train(), and call a function with every line of progress. SIGINT ends the run with a checkpoint. */
OrbitPlugin::TrainingResult trainWithLines(const OrbitPlugin::TrainingSettings& settings, PyObject* function) {
    LineBuffer lines(function);
    std::ostream progress(&lines);
    return OrbitPlugin::train(settings, progress);
}
%}

// A result stands for the model's file wherever a path is expected, and tells of the run.
%pythoncode %{
from openmmorbit._fields import describeRun as _describeRun

TrainingResult.__fspath__ = lambda self: self.modelPath
TrainingResult.__repr__ = lambda self: f"<TrainingResult {_describeRun(self)}>"
%}

// The metrics have moved to the main module; they stay reachable here.
%pythoncode %{
from openmmorbit.orbit import EnsembleMetrics, averageMetrics, compareEnsembles, computeSymmetricRmsd
%}
