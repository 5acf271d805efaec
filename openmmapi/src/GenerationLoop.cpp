// SPDX-License-Identifier: MIT
// Rounds of a generation: copies are packed into batches of bounded memory, run, inspected, and redrawn if wrong.
#include "GenerationLoop.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <chrono>
#include <numeric>

namespace OrbitPlugin {

/** One batch holds at most this many pairs of tokens, unless one copy has more: its memory is some 100 bytes a pair. */
static const long long MAX_PAIRS = 1 << 19;

GenerationJob::GenerationJob(int numCopies, int record, const GenerationSettings& settings) :
        copies(numCopies), record(record), condition(settings.condition),
        timeLimit(settings.timeLimit * std::max(1.0, numCopies / 100.0)) {
    for (int i = 0; i < numCopies; i++)
        copies[i].index = i;
}

GenerationLoop::GenerationLoop(IntegrateOrbitDiffusionStepKernel& kernel, const SamplerPlan& plan,
        const GenerationSettings& settings, std::vector<GenerationJob*> newJobs) :
        kernel(kernel), plan(plan), settings(settings), jobs(std::move(newJobs)) {
    for (const GenerationJob* job : jobs)
        numCopies += (int) job->copies.size();
}

void GenerationLoop::run() {
    std::vector<Place> pending;
    for (int job = 0; job < (int) jobs.size(); job++)
        for (int copy = 0; copy < (int) jobs[job]->copies.size(); copy++)
            pending.push_back({job, copy});
    for (int round = 0; round <= settings.maxRedraws && !pending.empty(); round++) {
        std::vector<Place> wrong;
        for (int first = 0; first < (int) pending.size();) {
            Batch batch;
            std::vector<Place> packed;
            first = pack(pending, first, round, batch, packed);
            if (packed.empty())
                continue;
            const bool finished = runBatch(batch, packed);
            keepInputs(batch, packed);
            for (const Place& place : packed)
                if (getCopy(place).accepted || round == settings.maxRedraws || !finished)
                    numFinished++;
                else
                    wrong.push_back(place);
        }
        pending = wrong;
    }
}

int GenerationLoop::pack(
        const std::vector<Place>& pending, int first, int round, Batch& batch, std::vector<Place>& packed) {
    batch.seed = (unsigned int) settings.seed;
    batch.plan = plan;
    long long numPairs = 0;
    int lastJob = -1, next = first;
    for (; next < (int) pending.size(); next++) {
        const Place& place = pending[next];
        GenerationJob& job = getJob(place);
        // A copy that is guided runs twice.

        const long long pairs = (long long) job.getNumTokens() * job.getNumTokens() * (job.isGuided() ? 2 : 1);
        if (!packed.empty() && numPairs + pairs > MAX_PAIRS)
            break;
        if (place.job != lastJob && packInputs(job, batch))
            lastJob = place.job;
        if (!job.message.empty() || job.isOverdue()) {
            numFinished++;
            continue;
        }
        GeneratedCopy& copy = getCopy(place);
        copy.numRedraws = round;
        BatchCopy row;
        row.input = (int) batch.inputs.size() - 1;
        row.record = job.record;
        row.copy = settings.firstCopy + copy.index;
        row.draw = round;
        row.condition = job.condition;
        row.isHandKnown = job.isHandKnown;
        batch.addCopy(row);
        packed.push_back(place);
        numPairs += pairs;
    }
    packContrasts(batch, packed);
    packStarts(batch, packed);
    return next;
}

void GenerationLoop::packContrasts(Batch& batch, const std::vector<Place>& packed) const {
    int lastJob = -1;
    for (int i = 0; i < (int) packed.size(); i++) {
        const GenerationJob& job = getJob(packed[i]);
        if (!job.isGuided())
            continue;
        if (packed[i].job != lastJob)
            batch.inputs.push_back(job.describeContrast());
        lastJob = packed[i].job;
        batch.addContrast(i, (int) batch.inputs.size() - 1);
    }
}

void GenerationLoop::packStarts(Batch& batch, const std::vector<Place>& packed) const {
    const std::size_t numPoints = batch.getNumPoints();
    auto pack = [&](const Place& place, int first) {
        const GenerationJob& job = getJob(place);
        if (!job.start.empty()) {
            batch.start.resize(3 * numPoints, 0.0);
            std::copy(job.start.begin(), job.start.end(), batch.start.begin() + 3 * first);
        }
        if (!job.fixed.empty()) {
            batch.fixed.resize(numPoints, 0);
            std::copy(job.fixed.begin(), job.fixed.end(), batch.fixed.begin() + first);
        }
        if (!job.leaders.empty()) {
            batch.leaders.resize(numPoints, 0);
            const auto begin = batch.leaders.begin() + first, end = begin + job.leaders.size();
            std::copy(job.leaders.begin(), job.leaders.end(), begin);

            // A body can be caught where the core does not suit it: in every second draw its points move on their own.

            if (getCopy(place).numRedraws % 2 == 1)
                std::iota(begin, end, 0);
        }
    };
    for (int i = 0; i < (int) packed.size(); i++) {
        const BatchCopy& copy = batch.copies[i];
        pack(packed[i], copy.firstPoint);
        if (copy.contrast >= 0)
            pack(packed[i], batch.copies[copy.contrast].firstPoint);
    }
}

bool GenerationLoop::packInputs(GenerationJob& job, Batch& batch) const {
    // A subject the model cannot describe is a message, not the end of the others.

    if (!job.message.empty())
        return false;
    try {
        batch.inputs.push_back(job.inputs != nullptr ? std::move(*job.inputs) : job.describe());
        job.inputs.reset();
        if (!job.torsions.empty()) {
            batch.torsions.resize(batch.inputs.size());
            batch.torsions.back() = job.torsions;
        }
        if (job.pocket.getNumObstacles() > 0) {
            batch.pockets.resize(batch.inputs.size());
            batch.pockets.back() = job.pocket;
        }
    }
    catch (const ArgumentError& error) {
        job.message = error.what();
        job.error = std::current_exception();
        return false;
    }
    return true;
}

void GenerationLoop::keepInputs(Batch& batch, const std::vector<Place>& packed) const {
    for (int i = 0; i < (int) packed.size(); i++) {
        GenerationJob& job = getJob(packed[i]);
        const int input = batch.copies[i].input;

        // The copies of the last job may go on in the next batch.

        const bool isNeeded = !getCopy(packed[i]).accepted || packed[i].job == packed.back().job;
        if (isNeeded && job.inputs == nullptr)
            job.inputs = std::make_unique<TokenInputs>(std::move(batch.inputs[input]));
    }
}

double GenerationLoop::getShare(const Batch& batch, const std::vector<Place>& packed, int copy) {
    const int last = (int) packed.size() - 1;
    return batch.getNumPoints(copy) / (double) (batch.copies[last].firstPoint + batch.getNumPoints(last));
}

bool GenerationLoop::areOverdue(const Batch& batch, const std::vector<Place>& packed, double more) const {
    std::map<int, double> shares;
    for (int i = 0; i < (int) packed.size(); i++) {
        if (getJob(packed[i]).timeLimit == 0)
            return false;
        shares[packed[i].job] += getShare(batch, packed, i);
    }
    return std::all_of(shares.begin(), shares.end(), [&](const auto& entry) {
        return jobs[entry.first]->isOverdue(more * entry.second);
    });
}

bool GenerationLoop::runBatch(const Batch& batch, const std::vector<Place>& packed) {
    const auto begin = std::chrono::steady_clock::now();
    auto getSeconds = [&]() { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
    const int numSteps = batch.plan.getNumSteps();
    report(0.0);
    kernel.setBatch(batch);
    kernel.start();
    bool finished = true;
    for (int step = 0; step < numSteps && finished; step++) {
        kernel.execute(step);
        report((step + 1.0) / numSteps);
        finished = step + 1 == numSteps || !areOverdue(batch, packed, getSeconds());
    }
    if (finished)
        inspect(batch, packed);
    const double seconds = getSeconds();
    for (int i = 0; i < (int) packed.size(); i++) {
        const double share = seconds * getShare(batch, packed, i);
        getCopy(packed[i]).wallSeconds += share;
        getJob(packed[i]).seconds += share;
        if (finished)
            getCopy(packed[i]).numEvaluations +=
                    (batch.copies[i].contrast < 0 ? 1 : 2) * settings.sampler.getNumEvaluations();
    }
    return finished;
}

void GenerationLoop::inspect(const Batch& batch, const std::vector<Place>& packed) const {
    const std::vector<double> positions = kernel.getPositions();
    for (int i = 0; i < (int) packed.size();) {
        GenerationJob& job = getJob(packed[i]);
        std::vector<GeneratedCopy*> drawn;
        for (const int first = packed[i].job; i < (int) packed.size() && packed[i].job == first; i++) {
            GeneratedCopy& copy = getCopy(packed[i]);
            const auto rows = positions.begin() + 3 * batch.copies[i].firstPoint;
            copy.positions.assign(rows, rows + 3 * batch.getNumPoints(i));
            drawn.push_back(&copy);
        }
        job.inspect(drawn);
    }
}

void GenerationLoop::report(double fraction) const {
    if (settings.progress != nullptr && !settings.progress->report(numFinished, numCopies, fraction))
        throw GenerationStopped(settings.caller + "::generate: expected to finish " + std::to_string(numCopies) +
                " copies, got a stop after " + std::to_string(numFinished));
}

} // namespace OrbitPlugin
