// SPDX-License-Identifier: MIT
// Mutates model files and reads them: the reader may refuse with ArgumentError, nothing else. See README.md beside it.
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/DenoiserModel.h"
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

using namespace OrbitPlugin;
using std::string;

/** Read one input; returns whether it was a model. */
static bool readModel(const string& bytes) {
    try {
        const DenoiserModel model = DenoiserModel::fromBytes(bytes, "fuzz");
        model.validate();
        return !model.toBytes(TensorStorage::BFloat16).empty();
    }
    catch (const ArgumentError&) {
        return false;
    }
}

#ifdef ORBIT_LIBFUZZER

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    readModel(string(reinterpret_cast<const char*>(data), size));
    return 0;
}

#else

/** The smallest network, so that most bytes of its file matter. */
static string makeSeed(TensorStorage storage) {
    PairBiasTransformerSettings settings;
    settings.width = settings.pairWidth = settings.numRadial = settings.conditionWidth = settings.numFrequencies = 2;
    settings.numLayers = settings.numHeads = settings.transitionFactor = 1;
    return DenoiserModel::createRandom(settings, 1).toBytes(storage);
}

/** Change, insert, remove or copy bytes; numbers and structure characters are preferred. */
static void mutate(string& bytes, std::mt19937_64& random) {
    const string interesting = "0123456789-.e[]{}:,\"\\ntf\xff";
    auto position = [&] {
        // The header is where the structure is: most changes go there.
        const std::size_t limit = random() % 8 == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 5000);
        return limit == 0 ? 0 : random() % limit;
    };
    const std::size_t at = position();
    switch (random() % 7) {
        case 0:
            if (!bytes.empty())
                bytes[at] ^= (char) (1 << random() % 8);
            break;
        case 1:
            if (!bytes.empty())
                bytes[at] = interesting[random() % interesting.size()];
            break;
        case 2:
            bytes.insert(at, 1, interesting[random() % interesting.size()]);
            break;
        case 3:
            bytes.erase(at, 1 + random() % 8);
            break;
        case 4:
            bytes.insert(at, bytes.substr(position(), random() % 64));
            break;
        case 5:
            bytes.resize(position());
            break;
        default:
            if (bytes.size() >= 8)
                bytes[random() % 8] = (char) random();
    }
}

int main(int argc, char* argv[]) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 120;
    const std::vector<string> seeds = {makeSeed(TensorStorage::Float32), makeSeed(TensorStorage::BFloat16)};
    std::mt19937_64 random(argc > 2 ? std::atoll(argv[2]) : 1);
    const auto start = std::chrono::steady_clock::now();
    long numInputs = 0, numModels = 0;
    while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < seconds) {
        string bytes = seeds[random() % seeds.size()];
        const int numChanges = 1 + (int) (random() % 4);
        for (int i = 0; i < numChanges; i++)
            mutate(bytes, random);

        // Half of the inputs keep a correct header size, so that the mutated JSON is reached.

        if (bytes.size() > 8 && random() % 2 == 0) {
            const std::size_t end = bytes.rfind('}', 6000);
            const std::uint64_t size = end == string::npos || end < 8 ? 0 : end - 7;
            for (int i = 0; i < 8; i++)
                bytes[i] = (char) (size >> (8 * i));
        }
        numModels += readModel(bytes);
        numInputs++;
    }
    std::cout << numInputs << " inputs, " << numModels << " of them models, in " << seconds << " s\n";
    return 0;
}

#endif
