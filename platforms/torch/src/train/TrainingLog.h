// SPDX-License-Identifier: MIT
// What a run tells: lines of progress, log.csv with the losses and metrics.csv with the quality of conformers.
#ifndef OPENMM_ORBIT_TORCH_TRAININGLOG_H_
#define OPENMM_ORBIT_TORCH_TRAININGLOG_H_

#include "BatchSampler.h"
#include "CsvLog.h"
#include "ValidationEnsembles.h"
#include <chrono>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/** Where a run stands. */
struct RunPosition {
    long long numSteps = 0, numSamples = 0;
    double minutes = 0;
};

/** Writes progress and tables; a log without directory and stream does nothing. */
class TrainingLog {
public:
    explicit TrainingLog(std::ostream* progress) : progress(progress) {
    }
    /**
     * Open log.csv and metrics.csv, without rows after the run's position.
     *
     * @param finished   the run only measures once more: the metrics of its last step go too
     */
    void open(const std::string& directory, const RunPosition& position, bool finished);
    /** Write one line of progress. */
    void say(const std::string& text);
    /** Count a step. */
    void addStep(const HostBatch& batch, double loss, double gradientNorm);
    /** Write the means since the last call; returns the mean loss. */
    double writeSteps(const RunPosition& position, double learningRate);
    /** Write a validation loss. */
    void writeValidation(const RunPosition& position, double loss, const std::string& details);
    /** Write metrics, and how long they took. */
    void writeMetrics(const RunPosition& position, const std::vector<ShardMetrics>& metrics, double seconds);
private:
    void add(CsvLog& file, const std::string& row);
    struct Window {
        double loss = 0, norm = 0, targetSeconds = 0, assemblySeconds = 0;
        int numSteps = 0;
        long long numSamples = 0, numAtoms = 0;
        std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    };
    std::ostream* progress;
    std::unique_ptr<CsvLog> steps, metrics;
    std::string validationLoss, shardMetrics;
    Window window;
    bool complained = false;
};

/** Get the means over all molecules of all shards. */
EnsembleMetrics joinMetrics(const std::vector<ShardMetrics>& metrics);
/** Get metrics as one line of text. */
std::string describeMetrics(const EnsembleMetrics& metrics);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_TRAININGLOG_H_
