// SPDX-License-Identifier: MIT
// The program behind "openmm-orbit train": reads a settings file and trains.
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Trainer.h"
#include <exception>
#include <iostream>

int main(int argc, char* argv[]) {
    if (argc != 2) {
        std::cerr << "usage: openmm-orbit-train SETTINGS.json" << std::endl;
        return 2;
    }
    try {
        OrbitPlugin::TrainingResult result =
                OrbitPlugin::train(OrbitPlugin::TrainingSettings::load(argv[1]), std::cout);
        if (result.modelPath.empty())
            return 0;
        std::cout << "trained " << result.numSteps << " steps, " << result.numSamples << " samples in "
                  << result.minutes << " minutes; validation loss " << result.validationLoss << "; wrote "
                  << result.modelPath << std::endl;
        return 0;
    }
    catch (const OrbitPlugin::ArgumentError& error) {
        std::cerr << error.what() << std::endl;
        return 2;
    }
    catch (const std::exception& error) {
        std::cerr << error.what() << std::endl;
        return 1;
    }
}
