// SPDX-License-Identifier: MIT
// How much a denoiser of backbones changes when its input is rotated:
// MeasureEquivariance [--platform=CPU] <shard> <model file>...
#include "KernelContext.h"
#include "Platforms.h"
#include "openmmorbit/BackboneInputs.h"
#include "openmmorbit/Shard.h"
#include <Eigen/Geometry>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <random>

using namespace OrbitPlugin;
using std::vector;

namespace {

const int MAX_BACKBONES = 20;
const vector<double> LEVELS = {0.3, 1, 3, 10, 30};

/** A backbone of the shard, with centred positions [numPoints][3], Angstrom. */
struct Example {
    BackboneSubject backbone;
    vector<double> positions;
};

vector<Example> readExamples(const std::string& path) {
    ShardReader reader(path);
    ShardSubject subject;
    FrameBlock block;
    vector<Example> examples;
    while ((int) examples.size() < MAX_BACKBONES && reader.nextSubject(subject))
        if (subject.kind == SubjectKind::Backbone && reader.nextBlock(block)) {
            const auto end = block.positions.begin() + 3 * subject.getNumPoints();
            examples.push_back({subject.backbone, {block.positions.begin(), end}});
        }
    return examples;
}

using Positions = Eigen::Map<const Eigen::Matrix3Xd>;

/** Evaluate D(y, sigma). */
vector<double> denoise(IntegrateOrbitDiffusionStepKernel& kernel, double sigma, const Eigen::Matrix3Xd& y) {
    kernel.setPositions({y.data(), y.data() + y.size()});
    vector<double> denoised;
    kernel.evaluate(sigma, denoised, nullptr);
    return denoised;
}

/** The mean square of |D(R y) - R D(y)| a coordinate, over examples that all models share: noise and R are the same. */
double measure(IntegrateOrbitDiffusionStepKernel& kernel, const DenoiserModel& model, const vector<Example>& examples,
        double sigma) {
    std::mt19937_64 random(17);
    std::normal_distribution<double> normal;
    double sum = 0;
    for (const Example& example : examples) {
        Batch batch;
        batch.inputs.push_back(describeBackbone(example.backbone, model));
        batch.plan = makeSamplerPlan(model.getSamplerSettings());
        batch.addCopy(BatchCopy());
        kernel.setBatch(batch);
        Eigen::Matrix3Xd y = Positions(example.positions.data(), 3, example.positions.size() / 3);
        for (Eigen::Index k = 0; k < y.size(); k++)
            y.data()[k] += sigma * normal(random);
        y.colwise() -= y.rowwise().mean().eval();
        const Eigen::Quaterniond turn(normal(random), normal(random), normal(random), normal(random));
        const Eigen::Matrix3d R = turn.normalized().toRotationMatrix();
        const vector<double> straight = denoise(kernel, sigma, y), turned = denoise(kernel, sigma, R * y);
        const Eigen::Matrix3Xd difference =
                Positions(turned.data(), 3, y.cols()) - R * Positions(straight.data(), 3, y.cols());
        sum += difference.squaredNorm() / difference.size() / examples.size();
    }
    return sum;
}

/** Take the platform from the front of the arguments, with single precision where it has a choice; null: not there. */
OpenMM::Platform* choosePlatform(vector<std::string>& arguments) {
    const std::string option = "--platform=";
    if (!arguments.empty() && arguments[0].compare(0, option.size(), option) == 0) {
        testSupport::options().platform = arguments[0].substr(option.size());
        arguments.erase(arguments.begin());
    }
    OpenMM::Platform* platform = benchSupport::findPlatform(testSupport::platformName());
    if (platform != nullptr)
        for (const std::string& name : platform->getPropertyNames())
            if (name == "Precision")
                platform->setPropertyDefaultValue(name, "single");
    return platform;
}

} // namespace

int main(int argc, char** argv) {
    vector<std::string> arguments(argv + 1, argv + argc);
    if (choosePlatform(arguments) == nullptr || arguments.size() < 2) {
        std::cerr << "MeasureEquivariance: expected a platform, a shard of backbones and model files, got "
                  << testSupport::platformName() << " and " << arguments.size() << " files\n";
        return 2;
    }
    const vector<Example> examples = readExamples(arguments[0]);
    std::cout << "rms |D(R y) - R D(y)| a coordinate, Angstrom, of " << examples.size()
              << " backbones\n| model | " << std::setprecision(3);
    for (double sigma : LEVELS)
        std::cout << "noise " << sigma << " | ";
    std::cout << "\n|---|";
    for (std::size_t k = 0; k < LEVELS.size(); k++)
        std::cout << "---|";
    std::cout << "\n";
    for (std::size_t i = 1; i < arguments.size(); i++) {
        const DenoiserModel model = DenoiserModel::load(arguments[i]);
        testSupport::KernelContext context(model);
        std::cout << "| " << arguments[i] << " | ";
        for (double sigma : LEVELS)
            std::cout << std::sqrt(measure(context.getKernel(), model, examples, sigma)) << " | " << std::flush;
        std::cout << "\n";
    }
    return 0;
}
