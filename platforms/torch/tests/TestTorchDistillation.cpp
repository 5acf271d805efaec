// SPDX-License-Identifier: MIT
// Distillation: where the teacher leads, what the student regresses on, and exact continuation.
#include "DistillationRun.h"
#include "Matchers.h"
#include "Tolerances.h"
#include "openmmorbit/ArgumentError.h"
#include "train/Distillation.h"
#include <cmath>

using namespace OrbitPlugin;
using namespace testSupport;
using namespace OrbitPlugin::torchimpl;

namespace {

/** Looks at single batches of the run. */
class DistillationTest : public DistillationRunTest {
protected:
    /** One batch of a run, the teacher's target for it, and the noisy positions it starts from. */
    struct Target {
        HostBatch batch;
        at::Tensor y, F;
    };
    Target getTarget(const TrainingSettings& settings, int number) const {
        settings.validate();
        DenoiserModel model = createInitialModel(settings);
        TrainingData data;
        readTrainingSet({path("small.shard")}, 1, model, 5000, data);
        ModelTables tables(data.tables, model, TrainingDevice());
        Target result;
        result.batch = BatchSampler(settings, data).getBatch({0, number});
        const NetworkInputs inputs = toTensors(result.batch, tables).inputs;
        result.F = Teacher(settings, model).computeTarget(result.batch, inputs);
        const double sigma = result.batch.sigma[0];
        result.y = inputs.u / getPreconditioning(sigma, settings.network.dataScale).input;
        return result;
    }
    /** Get where one Euler step of a student leads that predicts the target exactly. */
    static at::Tensor jump(const Target& target, const TrainingSettings& settings) {
        const std::vector<double> levels = settings.distillation.sampler.getNoiseLevels();
        const double sigma = levels[target.batch.level], next = levels[target.batch.level + 1];
        const Preconditioning factors = getPreconditioning(sigma, settings.network.dataScale);
        const at::Tensor denoised = factors.skip * target.y + factors.output * target.F;
        return target.y + (next - sigma) * (target.y - denoised) / sigma;
    }
};

} // namespace

TEST(DistillationLevels, spacingOfTheTeacher) {
    // The same spacing as the Karras schedule (5.5), end points included.

    SamplerSettings sampler;
    sampler.numSteps = 12;
    sampler.sigmaMin = 0.25;
    sampler.rho = 5;
    const std::vector<double> expected = sampler.getNoiseLevels();
    const Tolerance tolerance = testSupport::tolerance("samplerStep", "double");
    expectClose("all levels", getTeacherLevels(20, 0, 0.25, 5, 12), expected, tolerance);
    const std::vector<double> head(expected.begin(), expected.begin() + 7), tail(expected.begin() + 6, expected.end());
    expectClose("first levels", getTeacherLevels(20, expected[6], 0.25, 5, 6), head, tolerance);
    expectClose("last levels", getTeacherLevels(expected[6], 0, 0.25, 5, 6), tail, tolerance);
    EXPECT_EQ(getTeacherLevels(20, 1, 0.25, 5, 1), (std::vector<double>{20, 1}));
    EXPECT_EQ(getTeacherLevels(1, 0, 0.25, 5, 1), (std::vector<double>{1, 0}));
}

TEST(DistillationLevels, oneEulerStepReachesTheEnd) {
    const at::Tensor y = at::tensor({1.5, -2.0, 0.25}, at::kDouble), end = at::tensor({0.5, 1.0, -3.0}, at::kDouble);
    for (double next : {0.0, 0.7, 3.0}) {
        const at::Tensor denoised = getJumpTarget(y, end, 4, next);
        expectClose("end", getValues(y + (next - 4) * (y - denoised) / 4), getValues(end),
                tolerance("samplerStep", "double"));
    }
    EXPECT_TRUE(at::equal(getJumpTarget(y, end, 4, 0), end));
}

TEST_F(DistillationTest, aStudentThatIsTheTeacherHasNoLoss) {
    TrainingSettings settings = makeStudent("same");
    settings.distillation.teacherSteps = {1, 1};
    settings.maxSteps = 1;
    settings.learningRate = 1e-12;
    EXPECT_LT(train(settings).validationLoss, 1e-9);
    settings.distillation.teacherSteps = {3, 2};
    settings.outputDirectory = path("different");
    EXPECT_GT(train(settings).validationLoss, 1e-4);
}

TEST_F(DistillationTest, aStudentWithoutAnIdleLayerHasNoLoss) {
    // A layer whose gates are closed adds nothing, so that a student without it is the teacher.

    TrainingSettings settings = makeSettings("unused");
    settings.network.numLayers = 3;
    settings.seed = 5;
    DenoiserModel model = createInitialModel(settings);
    for (const std::string name : {"layer.1.modulation.weight", "layer.1.modulation.bias"}) {
        ModelTensor tensor = model.getTensor(name);
        std::fill(tensor.values.begin(), tensor.values.end(), 0.0f);
        model.setTensor(name, tensor);
    }
    model.save(path("idle.safetensors"));

    TrainingSettings student = makeStudent("shallow");
    student.initialModel = student.distillation.teacher = path("idle.safetensors");
    student.distillation.teacherSteps = {1, 1};
    student.initialLayers = {0, 2};
    student.maxSteps = 1;
    student.learningRate = 1e-12;
    const TrainingResult result = train(student);
    EXPECT_LT(result.validationLoss, 1e-9);
    EXPECT_EQ(DenoiserModel::load(result.modelPath).getSettings().numLayers, 2);
    student.initialLayers = {0, 1};
    student.outputDirectory = path("another");
    EXPECT_GT(train(student).validationLoss, 1e-4);
}

TEST_F(DistillationTest, theTeacherTakesTheStepsOfItsSampler) {
    // Two steps of the teacher are one step each of two students, the second of which starts where the first arrived.

    TrainingSettings whole = makeStudent("unused"), parts = whole;
    DenoiserModel model = DenoiserModel::load(whole.distillation.teacher);
    SamplerSettings sampler = model.getSamplerSettings();
    sampler.method = SamplerMethod::Euler;
    sampler.sigmaMin = 0.4;
    model.setSamplerSettings(sampler);
    model.save(path("euler.safetensors"));
    whole.distillation.teacher = parts.distillation.teacher = path("euler.safetensors");
    whole.distillation.sampler.numSteps = 1;
    whole.distillation.sampler.sigmaMax = 2;
    whole.distillation.teacherSteps = {2};
    const Target target = getTarget(whole, 0);
    EXPECT_EQ(target.batch.level, 0);

    parts.distillation.sampler.sigmaMax = 2;
    parts.distillation.sampler.sigmaMin = 0.4;
    parts.distillation.teacherSteps = {1, 1};
    parts.distillation.levelShares = {1, 0};
    Target first = getTarget(parts, 0);
    parts.distillation.levelShares = {0, 1};
    Target second = getTarget(parts, 0);
    EXPECT_EQ(first.batch.level, 0);
    EXPECT_EQ(second.batch.level, 1);
    EXPECT_EQ(getValues(first.y), getValues(target.y));

    const at::Tensor middle = jump(first, parts);
    TrainingData data;
    model = createInitialModel(parts);
    readTrainingSet({path("small.shard")}, 1, model, 5000, data);
    ModelTables tables(data.tables, model, TrainingDevice());
    NetworkInputs inputs = toTensors(second.batch, tables).inputs;
    inputs.u = middle * getPreconditioning(0.4, parts.network.dataScale).input;
    second.y = middle;
    second.F = Teacher(parts, model).computeTarget(second.batch, inputs);
    expectClose("end", getValues(jump(target, whole)), getValues(jump(second, parts)),
            tolerance("samplerStep", "single"));
}

TEST_F(DistillationTest, theFirstLevelIsNoiseAndTheOthersAreData) {
    TrainingSettings settings = makeStudent("unused");
    for (int level : {0, 1}) {
        settings.distillation.levelShares = {1.0 - level, 1.0 * level};
        const Target target = getTarget(settings, 3);
        const double sigma = target.batch.sigma[0];
        EXPECT_EQ(sigma, level == 0 ? settings.distillation.sampler.sigmaMax : 1.0);
        double sum = 0, expected = 0;
        for (double value : getValues(target.y))
            sum += value * value;
        for (int row = 0; row < target.batch.numSamples; row++)
            expected += 3.0 * (target.batch.numTokens / target.batch.numSamples - 1) * sigma * sigma;
        if (level == 0)
            EXPECT_NEAR(sum / expected, 1, 0.25);
        else
            EXPECT_GT(sum / expected, 1.25);
    }
}

TEST_F(DistillationTest, onPolicyTheStudentsStepLeadsToTheLevel) {
    TrainingSettings settings = makeStudent("unused");
    settings.distillation.sampler.renewal = 0.6;
    settings.distillation.levelShares = {0, 1};
    settings.distillation.onPolicyShare = 1;
    settings.validate();
    const DenoiserModel model = createInitialModel(settings);
    TrainingData data;
    readTrainingSet({path("small.shard")}, 1, model, 5000, data);
    const HostBatch batch = BatchSampler(settings, data).getBatch({0, 1});
    ASSERT_TRUE(batch.onPolicy);
    ASSERT_EQ(batch.renewedNoise.size(), 1u);
    const NamedTensors weights = getTensors(model);
    const NetworkInputs prior = toTensors(batch, ModelTables(data.tables, model, TrainingDevice())).inputs;
    NetworkInputs inputs = prior;
    rollOut(settings, weights, batch, inputs);

    // (5.2) with (5.8) from sigma 20 to 1, in one line.

    const Preconditioning first = getPreconditioning(20, settings.network.dataScale);
    const Preconditioning second = getPreconditioning(1, settings.network.dataScale);
    const at::Tensor y = prior.u / first.input;
    const at::Tensor denoised =
            first.skip * y + first.output * pairBiasTransformer(settings.network, weights, prior).detach();
    const at::Tensor noise = at::tensor(batch.renewedNoise[0]).view(y.sizes());
    EXPECT_LT((noise.sum(1).abs().max().item<double>()), 1e-4) << "the noise is centred";
    EXPECT_NEAR((noise.square().sum() / (3 * (batch.numTokens - batch.numSamples))).item<double>(), 1, 0.25);
    const at::Tensor expected = denoised + 0.8 / 20 * (y - denoised) + 0.6 * noise;
    expectClose("y", getValues(inputs.u / second.input), getValues(expected), tolerance("samplerStep", "single"));
    EXPECT_TRUE(at::equal(inputs.scaledTime, at::full_like(prior.scaledTime, second.logSigma)));
}

TEST_F(DistillationTest, repeatsAreRotations) {
    TrainingSettings settings = makeStudent("unused");
    const Target target = getTarget(settings, 0);
    DeviceBatch tensors;
    tensors.inputs.u = target.y.clone();
    tensors.target = target.F.clone();
    rotateBatch(settings, target.batch, 1, tensors);
    auto gram = [](const at::Tensor& a, const at::Tensor& b) {
        return getValues(at::bmm(a, b.transpose(1, 2)));
    };
    EXPECT_GT((tensors.inputs.u - target.y).abs().max().item<double>(), 1);
    const Tolerance tolerance = testSupport::tolerance("interpolant", "single");
    const at::Tensor before = target.y / 20, after = tensors.inputs.u / 20;
    expectClose("y y", gram(after, after), gram(before, before), tolerance);
    expectClose("y F", gram(after, tensors.target), gram(before, target.F), tolerance);
    DeviceBatch other;
    other.inputs.u = target.y.clone();
    other.target = target.F.clone();
    rotateBatch(settings, target.batch, 2, other);
    EXPECT_GT((other.inputs.u - tensors.inputs.u).abs().max().item<double>(), 1);
}

TEST_F(DistillationTest, trainingLowersTheLossAndTheModelHoldsItsSampler) {
    TrainingSettings settings = makeStudent("start");
    settings.maxSteps = 1;
    settings.learningRate = 1e-12;
    const double before = train(settings).validationLoss;
    settings = makeStudent("trained");
    settings.maxSteps = 30;
    settings.emaDecay = 0;
    settings.learningRate = 3e-3;
    const TrainingResult result = train(settings);
    EXPECT_LT(result.validationLoss, 0.9 * before);
    EXPECT_GT(result.metrics.numMolecules, 0);
    const SamplerSettings sampler = DenoiserModel::load(result.modelPath).getSamplerSettings();
    EXPECT_EQ(sampler.method, SamplerMethod::Euler);
    EXPECT_EQ(sampler.getNoiseLevels(), (std::vector<double>{20, 1, 0}));

    // Ordinary training that starts from it makes an ordinary model again.

    TrainingSettings ordinary = makeSettings("ordinary");
    ordinary.initialModel = result.modelPath;
    ordinary.maxSteps = 1;
    EXPECT_EQ(DenoiserModel::load(train(ordinary).modelPath).getSamplerSettings().numSteps, SamplerSettings().numSteps);
}

TEST_F(DistillationTest, interruptedBetweenRepeatsItGoesOnExactly) {
    TrainingSettings settings = makeStudent("whole");
    settings.finalLearningRate = 1;
    const TrainingResult whole = train(settings);
    settings.outputDirectory = path("parts");
    TrainingResult parts;
    for (int steps : {1, 5, 6, 10}) {
        settings.maxSteps = steps;
        parts = train(settings);
    }
    EXPECT_EQ(parts.numSteps, whole.numSteps);
    EXPECT_EQ(parts.numSamples, whole.numSamples);
    EXPECT_EQ(parts.validationLoss, whole.validationLoss);
    const DenoiserModel first = DenoiserModel::load(whole.modelPath), second = DenoiserModel::load(parts.modelPath);
    for (const std::string& name : first.getTensorNames())
        EXPECT_EQ(first.getTensor(name).values, second.getTensor(name).values) << name;
    settings.distillation.repeats = 2;
    EXPECT_THROW(train(settings), ArgumentError) << "another distillation is another run";
}

TEST_F(DistillationTest, onPolicyItEndsWithWholeBatchesAndGoesOnExactly) {
    TrainingSettings settings = makeStudent("whole");
    settings.finalLearningRate = 1;
    settings.distillation.onPolicyShare = 0.7;
    settings.maxSteps = 10;
    const TrainingResult whole = train(settings);
    EXPECT_EQ(whole.numSteps, 12) << "four batches of three updates";
    settings.outputDirectory = path("parts");
    for (int steps : {1, 5, 10}) {
        settings.maxSteps = steps;
        EXPECT_EQ(train(settings).validationLoss == whole.validationLoss, steps == 10);
    }
    settings.distillation.onPolicyShare = 0;
    settings.outputDirectory = path("off");
    EXPECT_NE(train(settings).validationLoss, whole.validationLoss);
}
