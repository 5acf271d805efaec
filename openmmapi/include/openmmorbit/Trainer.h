// SPDX-License-Identifier: MIT
// Training a denoiser on shards: the function that runs it, and what it returns (library OpenMMOrbitTraining).
#ifndef OPENMM_ORBIT_TRAINER_H_
#define OPENMM_ORBIT_TRAINER_H_

#include "openmmorbit/EnsembleMetrics.h"
#include "openmmorbit/TrainingSettings.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <iosfwd>
#include <string>

namespace OrbitPlugin {

/** What train() returns. */
struct OPENMM_EXPORT_ORBIT TrainingResult {
    long long numSteps = 0;         ///< steps of the whole run, resumed ones included
    long long numSamples = 0;       ///< samples likewise
    double loss = 0;                ///< mean of (3.3) over the last steps
    double validationLoss = 0;      ///< of the averaged weights; 0 if there were no validation shards
    double minutes = 0;             ///< of the whole run
    std::string modelPath;          ///< the exported model; empty in all processes but the first
    EnsembleMetrics metrics;        ///< of conformers of validation molecules, means over molecules; none: no molecules
    long long numSkipped = 0;       ///< steps without an update, because loss or gradient was not finite
};

/**
 * Train, or continue the run whose checkpoint lies in the output directory. SIGINT and SIGTERM end the run at the next
 * step with a checkpoint and an export.
 *
 * @throws ArgumentError for settings and shards that are wrong
 * @throws OpenMMException naming the step if the loss of ten batches in a row is not finite (single ones are skipped),
 *         or if the files cannot be written at the end; the last checkpoint stays
 */
OPENMM_EXPORT_ORBIT TrainingResult train(const TrainingSettings& settings);
/** As train(settings), and write a line of progress to a stream every logSteps steps. */
OPENMM_EXPORT_ORBIT TrainingResult train(const TrainingSettings& settings, std::ostream& progress);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TRAINER_H_
