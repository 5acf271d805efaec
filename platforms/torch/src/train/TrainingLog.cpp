// SPDX-License-Identifier: MIT
// Columns of log.csv and metrics.csv, and the lines of progress.
#include "TrainingLog.h"
#include <filesystem>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

const std::string METRICS = "COV-R@0.1,COV-R@0.5,COV-P@0.1,COV-P@0.5,AMR-R,AMR-P,stereoCorrect,accepted";
const std::string STEP_COLUMNS = "step,minutes,samples,loss,gradientNorm,learningRate,samplesPerSecond,atomsPerSecond,"
                                 "targetShare,validationLoss," + METRICS;
const std::string METRIC_COLUMNS = "step,minutes,shard,molecules,references,copies," + METRICS + ",seconds";

std::string joinValues(const EnsembleMetrics& metrics) {
    std::ostringstream text;
    text << metrics.coverageRecall01 << "," << metrics.coverageRecall05 << "," << metrics.coveragePrecision01 << ","
         << metrics.coveragePrecision05 << "," << metrics.recall << "," << metrics.precision << ","
         << metrics.stereoCorrect << "," << metrics.accepted;
    return text.str();
}

} // namespace

EnsembleMetrics joinMetrics(const std::vector<ShardMetrics>& metrics) {
    std::vector<EnsembleMetrics> repeated;
    EnsembleMetrics sums;
    for (const ShardMetrics& entry : metrics) {
        repeated.insert(repeated.end(), entry.metrics.numMolecules, entry.metrics);
        sums.numMolecules += entry.metrics.numMolecules;
        sums.numReferences += entry.metrics.numReferences;
        sums.numCopies += entry.metrics.numCopies;
    }
    EnsembleMetrics mean = averageMetrics(repeated);
    mean.numMolecules = sums.numMolecules;
    mean.numReferences = sums.numReferences;
    mean.numCopies = sums.numCopies;
    return mean;
}

std::string describeMetrics(const EnsembleMetrics& metrics) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(1) << "COV-R@0.1/0.5 " << 100 * metrics.coverageRecall01 << "/"
         << 100 * metrics.coverageRecall05 << " %  COV-P@0.1/0.5 " << 100 * metrics.coveragePrecision01 << "/"
         << 100 * metrics.coveragePrecision05 << " %  " << std::setprecision(3) << "AMR-R " << metrics.recall
         << "  AMR-P " << metrics.precision << " Angstrom  " << std::setprecision(1) << "stereo "
         << 100 * metrics.stereoCorrect << " %  accepted " << 100 * metrics.accepted << " %";
    return text.str();
}

void TrainingLog::open(const std::string& directory, const RunPosition& position, bool finished) {
    const std::filesystem::path folder(directory);
    steps = std::make_unique<CsvLog>((folder / "log.csv").string(), STEP_COLUMNS, position.numSteps);
    metrics = std::make_unique<CsvLog>((folder / "metrics.csv").string(), METRIC_COLUMNS,
            position.numSteps - (finished ? 1 : 0));
    shardMetrics = ",,,,,,,";
    window = Window();
}

void TrainingLog::say(const std::string& text) {
    if (progress != nullptr)
        *progress << text << std::endl;
}

void TrainingLog::add(CsvLog& file, const std::string& row) {
    const bool written = file.add(row);
    if (!written && !complained)
        say("the log cannot be written (full disk?): rows are kept in memory and written when that is possible");
    complained = !written;
}

void TrainingLog::addStep(const HostBatch& batch, double loss, double gradientNorm) {
    window.loss += loss;
    window.norm += gradientNorm;
    window.targetSeconds += batch.targetSeconds;
    window.assemblySeconds += batch.seconds;
    window.numSteps++;
    window.numSamples += batch.totalSamples;
    window.numAtoms += batch.totalTokens;
}

double TrainingLog::writeSteps(const RunPosition& position, double learningRate) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - window.start).count();
    const int count = std::max(1, window.numSteps);
    const double loss = window.loss / count;
    std::ostringstream row, line;
    row << position.numSteps << "," << position.minutes << "," << position.numSamples << "," << loss << ","
        << window.norm / count << "," << learningRate << "," << window.numSamples / seconds << ","
        << window.numAtoms / seconds << "," << window.targetSeconds / seconds << "," << validationLoss << ","
        << shardMetrics;
    line << std::setprecision(4) << "step " << position.numSteps << "  loss " << loss << "  rate " << learningRate
         << "  samples/s " << window.numSamples / seconds << "  minutes " << position.minutes << "  target "
         << 100 * window.targetSeconds / seconds << " %  assembly " << 100 * window.assemblySeconds / seconds << " %";
    if (steps)
        add(*steps, row.str());
    say(line.str());
    window = Window();
    return loss;
}

void TrainingLog::writeValidation(const RunPosition& position, double loss, const std::string& details) {
    std::ostringstream text, line;
    text << loss;
    validationLoss = text.str();
    line << "step " << position.numSteps << "  validation loss " << std::setprecision(5) << loss << "  " << details;
    say(line.str());
}

void TrainingLog::writeMetrics(
        const RunPosition& position, const std::vector<ShardMetrics>& found, double seconds) {
    for (const ShardMetrics& entry : found) {
        std::ostringstream row;
        row << position.numSteps << "," << position.minutes << "," << entry.shard << "," << entry.metrics.numMolecules
            << "," << entry.metrics.numReferences << "," << entry.metrics.numCopies << "," << joinValues(entry.metrics)
            << "," << seconds;
        if (metrics)
            add(*metrics, row.str());
        say("step " + std::to_string(position.numSteps) + "  " +
                std::filesystem::path(entry.shard).filename().string() + "  " + describeMetrics(entry.metrics));
    }
    shardMetrics = joinValues(joinMetrics(found));
}

} // namespace torchimpl
} // namespace OrbitPlugin
