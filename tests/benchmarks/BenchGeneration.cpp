// SPDX-License-Identifier: MIT
// Times whole generations of the molecules of a shard on every platform that this machine has, or on the CPU with other
// numbers of threads, as a user sees them: denoising, inspection and redraws. Prints a Markdown table. The distances to
// the first line's copies of the same seed show that the conformers are the same ones.
#include "Platforms.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/Shard.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

using namespace OrbitPlugin;
using OpenMM::Vec3;

namespace {

const int SEED = 7, NUM_REPEATS = 3;

struct Setup {
    std::string platform, precision;
    int numThreads = 0;
};

const std::vector<Setup> PLATFORMS = {
        {"CPU", ""}, {"OpenCL", "single"}, {"CUDA", "single"}, {"CUDA", "mixed"}, {"HIP", "single"}};

/** Greatest displacement of an atom between the same copy of two ensembles, median over the copies, in Angstrom. */
double getMedianDeviation(const Ensemble& a, const Ensemble& b) {
    std::vector<double> deviations;
    for (int i = 0; i < a.getNumConformers(); i++)
        for (int j = 0; j < b.getNumConformers(); j++) {
            const ConformerProvenance &p = a.getProvenance(i), &q = b.getProvenance(j);
            if (p.copy != q.copy || p.numResamplings != q.numResamplings)
                continue;
            double largest = 0;
            for (int k = 0; k < a.getNumAtoms(); k++) {
                const Vec3 difference = a.getPositions(i)[k] - b.getPositions(j)[k];
                largest = std::max(largest, std::sqrt(difference.dot(difference)));
            }
            deviations.push_back(10 * largest);
        }
    if (deviations.empty())
        return NAN;
    std::nth_element(deviations.begin(), deviations.begin() + deviations.size() / 2, deviations.end());
    return deviations[deviations.size() / 2];
}

void run(const std::string& modelPath, const std::string& shard, const std::vector<int>& counts,
        const std::vector<Setup>& setups) {
    const DenoiserModel model = DenoiserModel::load(modelPath);
    std::vector<MolecularGraph> graphs;
    ShardReader reader(shard);
    ShardRecord record;
    while (reader.next(record))
        graphs.push_back(record.graph);
    std::vector<std::vector<Ensemble>> first(graphs.size());
    std::cout << std::setprecision(3) << "| platform | precision or threads | atoms | copies | ms a conformer "
              << "| conformers/s | evaluations | deviation, A |\n|---|---|---|---|---|---|---|---|\n";
    for (const Setup& setup : setups) {
        const std::string name = setup.numThreads > 0 ? std::to_string(setup.numThreads) : setup.precision;
        if (benchSupport::findPlatform(setup.platform) == nullptr) {
            std::cout << "| " << setup.platform << " | | no device | | | | | |\n";
            continue;
        }
        ConformerGenerator generator(model);
        generator.setPlatformName(setup.platform);
        generator.setNumThreads(setup.numThreads);
        if (!setup.precision.empty())
            generator.setPlatformProperties({{"Precision", setup.precision}});
        for (std::size_t m = 0; m < graphs.size(); m++)
            for (std::size_t c = 0; c < counts.size(); c++) {
                generator.generate(graphs[m], 2, SEED);
                double shortest = INFINITY;
                Ensemble ensemble;
                for (int repeat = 0; repeat < NUM_REPEATS; repeat++) {
                    const auto start = std::chrono::steady_clock::now();
                    ensemble = generator.generate(graphs[m], counts[c], SEED);
                    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
                    shortest = std::min(shortest, time.count());
                }
                if (first[m].size() <= c)
                    first[m].push_back(ensemble);
                double evaluations = 0;
                for (int i = 0; i < ensemble.getNumConformers(); i++)
                    evaluations += ensemble.getProvenance(i).numEvaluations / (double) ensemble.getNumConformers();
                std::cout << "| " << ensemble.getProvenance(0).kernel << " | " << name << " | "
                          << graphs[m].getNumAtoms() << " | " << counts[c] << " | " << 1e3 * shortest / counts[c]
                          << " | " << counts[c] / shortest << " | " << evaluations << " | "
                          << getMedianDeviation(ensemble, first[m][c]) << " |" << std::endl;
            }
    }
}

} // namespace

int main(int argc, char* argv[]) {
    if (argc < 4) {
        std::cerr << "usage: BenchGeneration MODEL.safetensors SHARD COPIES [THREADS...]\n"
                  << "COPIES: numbers of conformers, e.g. 20,1000; THREADS: of the CPU, all platforms without\n";
        return 2;
    }
    try {
        std::vector<int> counts;
        std::istringstream list(argv[3]);
        for (std::string count; std::getline(list, count, ',');)
            counts.push_back(std::stoi(count));
        std::vector<Setup> threads;
        for (int i = 4; i < argc; i++)
            threads.push_back({"CPU", "", std::stoi(argv[i])});
        run(argv[1], argv[2], counts, threads.empty() ? PLATFORMS : threads);
        return 0;
    }
    catch (const std::exception& error) {
        std::cerr << error.what() << std::endl;
        return 1;
    }
}
