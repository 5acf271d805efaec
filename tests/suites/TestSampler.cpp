// SPDX-License-Identifier: MIT
// Noise levels, and whole generations of a kernel whose denoiser is known exactly.
#include "KernelContext.h"
#include "Matchers.h"
#include "Models.h"
#include "Tolerances.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/SamplerText.h"
#include <set>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

TEST(Sampler, levelsRunFromSigmaMaxToZero) {
    for (NoiseSchedule schedule : {NoiseSchedule::Karras, NoiseSchedule::Logarithmic, NoiseSchedule::UniformTime,
            NoiseSchedule::LogarithmicTime})
        for (int numSteps : {1, 2, 3, 10, 50}) {
            SamplerSettings settings;
            settings.schedule = schedule;
            settings.numSteps = numSteps;
            const vector<double> levels = settings.getNoiseLevels();
            ASSERT_EQ((int) levels.size(), numSteps + 1);
            EXPECT_EQ(levels.front(), settings.sigmaMax);
            EXPECT_EQ(levels.back(), 0.0);
            if (numSteps > 1) {
                EXPECT_EQ(levels[numSteps - 1], settings.sigmaMin);
            }
            for (int k = 0; k < numSteps; k++)
                EXPECT_GT(levels[k], levels[k + 1]);
        }
}

TEST(Sampler, middleLevels) {
    SamplerSettings settings;
    settings.numSteps = 3;
    settings.sigmaMax = 32;
    settings.sigmaMin = 1;
    settings.rho = 5;
    expectClose("Karras (5.5)", settings.getNoiseLevels()[1], std::pow(1.5, 5), tolerance("noise", "double"));
    settings.schedule = NoiseSchedule::Logarithmic;
    expectClose("logarithmic (5.6)", settings.getNoiseLevels()[1], std::sqrt(32.0), tolerance("noise", "double"));
    settings.schedule = NoiseSchedule::UniformTime;
    const double t = 0.5 * (1 / 33.0 + 1 / 2.0);
    expectClose("uniform in t (5.7)", settings.getNoiseLevels()[1], (1 - t) / t, tolerance("noise", "double"));
}

TEST(Sampler, ratesAreSharesBelowOne) {
    SamplerSettings settings;
    settings.schedule = NoiseSchedule::Logarithmic;
    settings.renewalRule = RenewalRule::Rate;
    settings.renewal = 1;
    const vector<double> levels = settings.getNoiseLevels();

    // (5.8): the reverse SDE of one step, whose drift and noise are those of Song et al.

    const double ratio = levels[4] / levels[3];
    expectClose("share", settings.getRenewedLevels()[3], std::sqrt(1 - ratio * ratio) * levels[4],
        tolerance("noise", "double"));
    settings.renewal = 1000;
    settings.numSteps = 2;
    for (int k = 0; k < settings.numSteps; k++)
        EXPECT_LE(settings.getRenewedLevels()[k], settings.getNoiseLevels()[k + 1]);
    EXPECT_TRUE(std::isfinite(makeSamplerPlan(settings).getLevels(0, -1).nextSigma));
}

TEST(Sampler, noiseScaleIsTheVarianceOfWhatIsDrawn) {
    SamplerSettings settings;
    settings.noiseScale = 0.25;
    const StepLevels levels = makeSamplerPlan(settings).getLevels(5, 4);
    expectClose("drawn", levels.drawn, 0.5 * levels.renewed, tolerance("noise", "double"));
    settings.noiseScale = 0;
    EXPECT_EQ(makeSamplerPlan(settings).getLevels(5, 4).drawn, 0.0);
    EXPECT_GT(makeSamplerPlan(settings).getLevels(5, 4).renewed, 0.0);
}

TEST(Sampler, plansStartAtAnyLevel) {
    const SamplerPlan whole = makeSamplerPlan(SamplerSettings());
    SamplerPlan part = whole;
    part.startAt(1.0);
    EXPECT_EQ(part.noiseLevels[0], 1.0);
    const int numDropped = whole.getNumSteps() - part.getNumSteps();
    EXPECT_GT(whole.noiseLevels[numDropped], 1.0);
    EXPECT_LT(whole.noiseLevels[numDropped + 1], 1.0);
    for (int k = 1; k <= part.getNumSteps(); k++)
        EXPECT_EQ(part.noiseLevels[k], whole.noiseLevels[k + numDropped]);
    for (int k = 0; k < part.getNumSteps(); k++)
        EXPECT_EQ(part.renewedLevels[k], whole.renewedLevels[k + numDropped]);
    part = whole;
    part.startAt(whole.noiseLevels[0]);
    EXPECT_EQ(part.noiseLevels, whole.noiseLevels);
    part.startAt(1e-3);
    EXPECT_EQ(part.getNumSteps(), 1);
    expectThrows<ArgumentError>("SamplerPlan::startAt: expected a noise level above 0 and at most 20, the first one, "
        "got 21", [&] { SamplerPlan(whole).startAt(21); });
    expectThrows<ArgumentError>("SamplerPlan::startAt: expected a noise level above 0 and at most 20, the first one, "
        "got 0", [&] { SamplerPlan(whole).startAt(0); });
}

TEST(Sampler, renewedNoiseTakesTheLevelBackUp) {
    SamplerSettings settings;
    settings.renewal = 0.6;
    Batch batch;
    batch.plan = makeSamplerPlan(settings);
    for (int k = 0; k < settings.numSteps; k++) {
        const StepLevels levels = batch.plan.getLevels(k, k - 1);
        expectClose("level", std::hypot(levels.nextSigma, levels.renewed), batch.plan.noiseLevels[k + 1],
            tolerance("noise", "double"));
        expectClose("share", levels.renewed, 0.6 * batch.plan.noiseLevels[k + 1], tolerance("noise", "double"));
    }
    settings.renewal = 0;
    batch.plan = makeSamplerPlan(settings);
    EXPECT_EQ(batch.plan.getLevels(3, 2).nextSigma, batch.plan.noiseLevels[4]);
    EXPECT_EQ(batch.plan.getLevels(3, 2).renewed, 0.0);
}

TEST(Sampler, stepsHaveKeysOfTheirOwn) {
    Batch batch;
    batch.seed = 0x123456789ULL;
    std::set<std::uint64_t> keys = {batch.seed};
    for (int step = 0; step < 1000; step++)
        keys.insert(batch.getStepSeed(step));
    EXPECT_EQ(keys.size(), 1001u);
}

TEST(Sampler, numbersOfEvaluations) {
    SamplerSettings settings;
    EXPECT_EQ(settings.getNumEvaluations(), 24);
    settings.numSteps = 10;
    settings.method = SamplerMethod::Heun;
    EXPECT_EQ(settings.getNumEvaluations(), 19);
    settings.method = SamplerMethod::Euler;
    EXPECT_EQ(settings.getNumEvaluations(), 10);
    settings.method = SamplerMethod::Multistep;
    EXPECT_EQ(settings.getNumEvaluations(), 10);
    settings.method = SamplerMethod::Bespoke;
    EXPECT_EQ(settings.getNumEvaluations(), 20);
}

TEST(Sampler, refusals) {
    auto refuse = [](const std::string& text, auto change) {
        SamplerSettings settings;
        change(settings);
        expectThrows<ArgumentError>("SamplerSettings::validate: expected " + text, [&] { settings.validate(); });
        expectThrows<ArgumentError>("SamplerSettings::validate: expected " + text, [&] { settings.getNoiseLevels(); });
    };
    const double nan = std::nan("");
    refuse("at least 1 step, got 0", [](SamplerSettings& s) { s.numSteps = 0; });
    refuse("at most 1000000 steps, got 1000001", [](SamplerSettings& s) { s.numSteps = 1000001; });
    refuse("a positive finite sigmaMax, got -1", [](SamplerSettings& s) { s.sigmaMax = -1; });
    refuse("a positive finite sigmaMin, got 0", [](SamplerSettings& s) { s.sigmaMin = 0; });
    refuse("a positive finite sigmaMin, got nan", [&](SamplerSettings& s) { s.sigmaMin = nan; });
    refuse("sigmaMin below sigmaMax (20), got 20", [](SamplerSettings& s) { s.sigmaMin = 20; });
    refuse("a positive finite rho, got 0", [](SamplerSettings& s) { s.rho = 0; });
    refuse("a renewal of at least 0 and below 1, got 1", [](SamplerSettings& s) { s.renewal = 1; });
    refuse("a renewal of at least 0 and below 1, got -0.1", [](SamplerSettings& s) { s.renewal = -0.1; });
    refuse("a renewal of at least 0 and below 1, got nan", [&](SamplerSettings& s) { s.renewal = nan; });
    refuse("a finite noiseScale of at least 0, got -1", [](SamplerSettings& s) { s.noiseScale = -1; });
    refuse("a renewalRule Share or Rate, got 2", [](SamplerSettings& s) { s.renewalRule = (RenewalRule) 2; });
    refuse("a finite renewal of at least 0, got -0.5", [](SamplerSettings& s) {
        s.renewalRule = RenewalRule::Rate;
        s.renewal = -0.5;
    });
    refuse("a finite stereoGuidance of at least 0, got -1", [](SamplerSettings& s) { s.stereoGuidance = -1; });
    refuse("a finite stereoGuidance of at least 0, got nan", [&](SamplerSettings& s) { s.stereoGuidance = nan; });
    refuse("a method Euler, Heun, Multistep or Bespoke, got 7",
        [](SamplerSettings& s) { s.method = (SamplerMethod) 7; });
    refuse("a schedule Karras, Logarithmic, UniformTime or LogarithmicTime, got 7", [](SamplerSettings& s) {
        s.schedule = (NoiseSchedule) 7;
    });
}

/**
 * A model whose network returns zero: D = c_skip y, the exact denoiser of data with Gaussian coordinates of variance
 * sigma_d^2. The probability flow is then y(sigma) = y(sigma_0) sqrt((sigma^2 + sigma_d^2) / (sigma_0^2 + sigma_d^2)).
 */
class GaussianToy {
public:
    GaussianToy() : model(makeSmallModel()), context(makeModel(model)) {
    }
    /** Largest relative error of the last but one level, whose exact solution is known at any number of steps. */
    double getError(SamplerMethod method, int numSteps) {
        const auto [end, start] = runToLevel(makeMixedBatch(model, method, 1), numSteps, 0);
        const double scale = model.getSettings().dataScale;
        const double factor = std::sqrt((LEVEL * LEVEL + scale * scale) / (8.0 * 8.0 + scale * scale));
        double error = 0;
        for (int i = 0; i < (int) end.size(); i++)
            if (std::fabs(start[i]) > 1)
                error = std::max(error, std::fabs(end[i] / (factor * start[i]) - 1));
        expectFinite("positions", end);
        return error;
    }
    /** The positions at the noise level LEVEL, numSteps steps behind a start at 8, and the start. */
    std::pair<vector<double>, vector<double>> runToLevel(Batch next, int numSteps, double renewal) {
        SamplerSettings settings;
        settings.method = next.plan.method;
        settings.schedule = NoiseSchedule::Logarithmic;
        settings.numSteps = numSteps + 1;
        settings.sigmaMax = 8;
        settings.sigmaMin = LEVEL;
        settings.renewal = renewal;
        next.plan = makeSamplerPlan(settings);
        batch = next;
        IntegrateOrbitDiffusionStepKernel& kernel = context.getKernel();
        kernel.setBatch(batch);
        kernel.start();
        const vector<double> start = kernel.getPositions();
        for (int step = 0; step < numSteps; step++)
            kernel.execute(step);
        return {kernel.getPositions(), start};
    }
    /** The positions after all steps and the start. */
    std::pair<vector<double>, vector<double>> generate(SamplerMethod method, int numSteps) {
        const Batch batch = makeMixedBatch(model, method, numSteps);
        IntegrateOrbitDiffusionStepKernel& kernel = context.getKernel();
        kernel.setBatch(batch);
        kernel.start();
        const vector<double> start = kernel.getPositions();
        for (int step = 0; step < numSteps; step++)
            kernel.execute(step);
        return {kernel.getPositions(), start};
    }
    DenoiserModel model;
    Batch batch;        ///< the last one that ran
    static constexpr double LEVEL = 0.2;
private:
    static DenoiserModel& makeModel(DenoiserModel& model) {
        ModelTensor head = model.getTensor("head.weight");
        std::fill(head.values.begin(), head.values.end(), 0.0f);
        model.setTensor("head.weight", head);
        return model;
    }
    KernelContext context;
};

TEST(Sampler, convergenceOrders) {
    GaussianToy toy;
    const struct {
        SamplerMethod method;
        double order;
    } cases[] = {{SamplerMethod::Euler, 1}, {SamplerMethod::Heun, 2}, {SamplerMethod::Multistep, 2}};
    for (const auto& item : cases) {
        const double coarse = toy.getError(item.method, 16), fine = toy.getError(item.method, 32);
        const double order = std::log2(coarse / fine);
        EXPECT_NEAR(order, item.order, 0.35) << "method " << (int) item.method << ": " << coarse << " " << fine;
        EXPECT_LT(fine, item.order == 1 ? 0.2 : 0.02);
    }
}

TEST(Sampler, oneStepGivesTheDenoisedPrior) {
    GaussianToy toy;
    const double scale = toy.model.getSettings().dataScale;
    const double skip = scale * scale / (400 + scale * scale);
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep}) {
        auto [end, start] = toy.generate(method, 1);
        for (double& value : start)
            value *= skip;
        expectClose("samplerStep", end, start, tolerance("samplerStep", precisionName()));
    }
}

TEST(Sampler, manyStepsGiveTheDataScale) {
    GaussianToy toy;
    const double scale = toy.model.getSettings().dataScale;
    const double factor = scale / std::sqrt(400 + scale * scale);
    for (SamplerMethod method : {SamplerMethod::Heun, SamplerMethod::Multistep}) {
        const auto [end, start] = toy.generate(method, 200);
        double error = 0;
        for (int i = 0; i < (int) end.size(); i++)
            error = std::max(error, std::fabs(end[i] - factor * start[i]));
        EXPECT_LT(error, 1e-3 * scale) << "method " << (int) method;
    }
}

TEST(SamplerText, roundTripAndDefaults) {
    SamplerSettings settings;
    settings.method = SamplerMethod::Heun;
    settings.schedule = NoiseSchedule::Logarithmic;
    settings.numSteps = 3;
    settings.sigmaMax = 1e3 / 7;
    settings.sigmaMin = 1e-3 / 7;
    settings.rho = 7;
    settings.renewal = 0.3;
    settings.stereoGuidance = 0.7;
    const SamplerSettings read = parseSampler(formatSampler(settings), "");
    EXPECT_EQ(read.method, settings.method);
    EXPECT_EQ(read.schedule, settings.schedule);
    EXPECT_EQ(read.rho, settings.rho);
    EXPECT_EQ(read.renewal, settings.renewal);
    EXPECT_EQ(read.stereoGuidance, settings.stereoGuidance);
    EXPECT_EQ(read.getNoiseLevels(), settings.getNoiseLevels());
    EXPECT_EQ(formatSampler(parseSampler("{}", "")), formatSampler(SamplerSettings()));
}

TEST(SamplerText, tellsTheWordsOfEveryMember) {
    const std::vector<std::string> methods = {"euler", "heun", "multistep", "bespoke"};
    EXPECT_EQ(getSamplerWords("method"), methods);
    SamplerSettings settings;
    settings.method = (SamplerMethod) 1;
    EXPECT_NE(formatSampler(settings).find("\"method\":\"" + methods[1] + "\""), std::string::npos);
    EXPECT_TRUE(getSamplerWords("rho").empty());
    expectThrows<ArgumentError>(
        "getSamplerWords: expected a member of the sampler, got \"churn\"", [] { getSamplerWords("churn"); });
}

TEST(SamplerText, refusesWhatIsNoSampler) {
    auto refuse = [](const std::string& text, const std::string& expected) {
        expectThrows<ArgumentError>("file: expected " + expected, [&] { parseSampler(text, "file: "); });
    };
    refuse("euler", "a JSON object as sampler, got other text");
    refuse("{\"churn\": 1}", "only known members of the sampler, got \"churn\"; a newer version may read it");
    refuse("{\"method\": \"rk4\"}",
            "one of \"euler\", \"heun\", \"multistep\", \"bespoke\" as method of the sampler, got \"rk4\"");
    refuse("{\"numSteps\": 2.5}", "a number as numSteps of the sampler, got 2.5");
    refuse("{\"numSteps\": 5000000000}", "a number as numSteps of the sampler, got 5000000000");
    refuse("{\"sigmaMin\": true}", "a number as sigmaMin of the sampler, got true");
    refuse("{\"numSteps\": 0}",
            "a possible sampler, got: SamplerSettings::validate: expected at least 1 step, got 0");
}

/** Variance of (5.2) or (5.4) with (5.8) for D = skip y: positions y and the last D follow a linear recursion. */
static double predictVariance(const Batch& batch, int numSteps, double scale) {
    const double first = batch.plan.noiseLevels[0];
    double yy = first * first, yD = 0, DD = 0;
    for (int k = 0; k < numSteps; k++) {
        const StepLevels levels = batch.plan.getLevels(k, k - 1);
        const double a = levels.nextSigma / levels.sigma, weight = getMultistepWeight(levels);
        const double skip = scale * scale / (scale * scale + levels.sigma * levels.sigma);
        const double ofY = a + (1 - a) * (1 + weight) * skip, ofD = -(1 - a) * weight;
        const double nextD = skip * (ofY * yy + ofD * yD);
        DD = ofY * ofY * yy + 2 * ofY * ofD * yD + ofD * ofD * DD + levels.renewed * levels.renewed;
        std::swap(yy, DD);
        yD = nextD;
        DD = skip * skip * DD;
    }
    return yy;
}

TEST(Sampler, renewalHasTheVarianceOfItsRecursionAndForgetsTheStart) {
    GaussianToy toy;
    Batch batch = makeMixedBatch(toy.model, SamplerMethod::Multistep, 1);
    for (int copy = 5; copy < 150; copy++) {
        BatchCopy next = batch.copies[copy % 5];
        next.copy = copy;
        batch.addCopy(next);
    }
    const int numFree = 3 * (batch.getNumPoints() - (int) batch.copies.size()), numSteps = 40;
    const double scale = toy.model.getSettings().dataScale, level = GaussianToy::LEVEL;
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Multistep})
        for (double renewal : {0.3, 0.9}) {
            batch.plan.method = method;
            const auto [end, start] = toy.runToLevel(batch, numSteps, renewal);
            double square = 0, product = 0, startSquare = 0;
            for (int i = 0; i < (int) end.size(); i++) {
                square += end[i] * end[i];
                product += end[i] * start[i];
                startSquare += start[i] * start[i];
            }
            const double predicted = predictVariance(toy.batch, numSteps, scale);
            const double statistical = 4 * std::sqrt(2.0 / numFree);
            EXPECT_NEAR(square / numFree / predicted, 1, statistical)
                << "method " << (int) method << " renewal " << renewal;

            // Euler steps go too far towards the mean when they also draw much noise anew; the history corrects that.

            const double share = predicted / (scale * scale + level * level);
            const bool isEuler = method == SamplerMethod::Euler;
            EXPECT_GT(share, !isEuler ? 0.98 : renewal > 0.5 ? 0.65 : 0.9);
            EXPECT_LT(share, isEuler ? 1.0 : 1.12);
            const double correlation = product / std::sqrt(square * startSquare);
            EXPECT_LT(std::fabs(correlation), renewal > 0.5 ? 4 / std::sqrt(numFree) : 0.9);
        }
}
