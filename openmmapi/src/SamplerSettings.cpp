// SPDX-License-Identifier: MIT
// The noise levels of a generation, equations (5.5) to (5.7), (5.15) and (5.16).
#include "openmmorbit/SamplerSettings.h"
#include "BespokeSteps.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

namespace OrbitPlugin {

using std::string;

namespace {

string format(double value) {
    std::ostringstream text;
    text.precision(15);
    text << value;
    return text.str();
}

/** Write numbers as "8, 12 or 20". */
string listNumbers(const std::vector<int>& numbers) {
    string text;
    for (std::size_t i = 0; i < numbers.size(); i++)
        text += (i == 0 ? "" : i + 1 < numbers.size() ? ", " : " or ") + std::to_string(numbers[i]);
    return text;
}

void check(bool good, const string& expected, double got, const string& method = "validate") {
    if (!good)
        throw ArgumentError("SamplerSettings::" + method + ": expected " + expected + ", got " + format(got));
}

} // namespace

void SamplerSettings::validate() const {
    check((int) method >= 0 && method <= SamplerMethod::Bespoke, "a method Euler, Heun, Multistep or Bespoke",
        (int) method);
    check(schedule == NoiseSchedule::Karras || schedule == NoiseSchedule::Logarithmic ||
        schedule == NoiseSchedule::UniformTime || schedule == NoiseSchedule::LogarithmicTime,
        "a schedule Karras, Logarithmic, UniformTime or LogarithmicTime", (int) schedule);
    check(numSteps >= 1, "at least 1 step", numSteps);
    check(numSteps <= 1000000, "at most 1000000 steps", numSteps);
    check(std::isfinite(sigmaMax) && sigmaMax > 0, "a positive finite sigmaMax", sigmaMax);
    check(std::isfinite(sigmaMin) && sigmaMin > 0, "a positive finite sigmaMin", sigmaMin);
    check(sigmaMin < sigmaMax, "sigmaMin below sigmaMax (" + format(sigmaMax) + ")", sigmaMin);
    check(std::isfinite(rho) && rho > 0, "a positive finite rho", rho);
    check(renewalRule == RenewalRule::Share || renewalRule == RenewalRule::Rate, "a renewalRule Share or Rate",
        (int) renewalRule);
    if (renewalRule == RenewalRule::Share)
        check(renewal >= 0 && renewal < 1, "a renewal of at least 0 and below 1", renewal);
    else
        check(std::isfinite(renewal) && renewal >= 0, "a finite renewal of at least 0", renewal);
    check(std::isfinite(noiseScale) && noiseScale >= 0, "a finite noiseScale of at least 0", noiseScale);
    check(std::isfinite(stereoGuidance) && stereoGuidance >= 0, "a finite stereoGuidance of at least 0",
        stereoGuidance);
    check(std::isfinite(guidanceScale) && guidanceScale >= 0, "a finite guidanceScale of at least 0", guidanceScale);
    if (method == SamplerMethod::Bespoke) {
        check(!getBespokeSteps(numSteps).empty(), listNumbers(getBespokeNumbers()) + " steps with the method Bespoke",
                numSteps);
        check(renewal == 0, "a renewal of 0 with the method Bespoke", renewal);
    }
}

std::vector<double> SamplerSettings::getNoiseLevels() const {
    validate();
    std::vector<double> levels(numSteps + 1, 0.0);
    if (method == SamplerMethod::Bespoke) {
        // (5.16)
        for (int k = 0; k < numSteps; k++)
            levels[k] = sigmaMax * getBespokeSteps(numSteps)[k].level;
        return levels;
    }
    for (int k = 0; k < numSteps; k++) {
        const double fraction = numSteps == 1 ? 0.0 : (double) k / (numSteps - 1);
        if (schedule == NoiseSchedule::Karras) {
            // (5.5)
            const double first = std::pow(sigmaMax, 1 / rho), last = std::pow(sigmaMin, 1 / rho);
            levels[k] = std::pow(first + fraction * (last - first), rho);
        }
        else if (schedule == NoiseSchedule::Logarithmic) {
            // (5.6)
            levels[k] = sigmaMax * std::pow(sigmaMin / sigmaMax, fraction);
        }
        else if (schedule == NoiseSchedule::UniformTime) {
            // (5.7) with s0 = 1 model unit: t = 1 / (1 + sigma).
            const double first = 1 / (1 + sigmaMax), last = 1 / (1 + sigmaMin);
            const double t = first + fraction * (last - first);
            levels[k] = (1 - t) / t;
        }
        else if (k > 0) {
            // (5.15) likewise.
            const double first = 1 / (1 + sigmaMax), last = 1 / (1 + sigmaMin), n = numSteps;
            const double t = first + (last - first) * (1 - std::pow(10, -2 * k / n)) /
                (1 - std::pow(10, -2 * (n - 1) / n));
            levels[k] = (1 - t) / t;
        }
    }

    // The end points are exact, whatever the rounding of the powers.

    levels[0] = sigmaMax;
    if (numSteps > 1)
        levels[numSteps - 1] = sigmaMin;
    return levels;
}

std::vector<double> SamplerSettings::getRenewedLevels() const {
    const std::vector<double> levels = getNoiseLevels();
    std::vector<double> renewed(numSteps);
    for (int k = 0; k < numSteps; k++) {
        // (5.8)
        const double share = renewalRule == RenewalRule::Share ? renewal :
            std::sqrt(1 - std::pow(levels[k + 1] / levels[k], 2 * renewal));
        renewed[k] = share * levels[k + 1];
    }
    return renewed;
}

SamplerSettings SamplerSettings::startAt(double level) const {
    if (level == 0)
        return *this;
    check(method != SamplerMethod::Bespoke,
        "another method than Bespoke, whose steps are fitted from sigmaMax on, for a start at a level",
        level, "startAt");
    check(level > sigmaMin && level <= sigmaMax, "a level to start at above sigmaMin (" + format(sigmaMin) +
            "), up to sigmaMax (" + format(sigmaMax) + ")", level, "startAt");
    const std::vector<double> levels = getNoiseLevels();
    SamplerSettings rest = *this;
    rest.sigmaMax = level;
    rest.numSteps = 1 + (int) std::count_if(levels.begin(), levels.end() - 1, [&](double x) { return x < level; });
    return rest;
}

std::vector<int> SamplerSettings::listBespokeSteps() {
    return getBespokeNumbers();
}

int SamplerSettings::getNumEvaluations(int step) const {
    return method == SamplerMethod::Bespoke || (method == SamplerMethod::Heun && step < numSteps - 1) ? 2 : 1;
}

int SamplerSettings::getNumEvaluations() const {
    int number = 0;
    for (int step = 0; step < numSteps; step++)
        number += getNumEvaluations(step);
    return number;
}

} // namespace OrbitPlugin
