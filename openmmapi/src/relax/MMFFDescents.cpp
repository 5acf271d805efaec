// SPDX-License-Identifier: MIT
// What each copy does next: which trials are accepted, how far the next one goes, and when a copy has finished.
#include "MMFFDescents.h"
#include <algorithm>
#include <cmath>

using namespace OrbitPlugin;
using namespace OrbitPlugin::mmff;
using std::vector;

namespace {

/** Steps that a lane remembers. */
const int DEPTH = 8;
/** The first step is so many times the gradient, Angstrom^2 mol/kcal: about the inverse of the stiffest Hessian. */
const double FIRST_SCALE = 1e-3;
/** No coordinate moves farther in one step, Angstrom. */
const double FARTHEST = 0.2;
/** The model of the Hessian is made anew after so many steps. */
const int REFRESH = 12;
/** A step must lower the energy by this part of what the slope promises. */
const double SUFFICIENT = 1e-4;
/** Relative rounding of an energy. */
const double ROUNDING = 1e-12;
/** Steps below this, Angstrom, change nothing. */
const double NEAREST = 1e-10;
/** RDKit scales gradients and energies by this before it compares them with its tolerance. */
const double RDKIT_SCALE = 0.1;

/** A copy in a lane. */
struct Lane {
    int copy = -1;              ///< -1: none is left for this lane
    bool fresh = true;          ///< whether its start has yet to be evaluated
    bool steepest = false;      ///< whether its direction is that of the gradient
    double energy = 0, trialEnergy = 0;
    int numIterations = 0;
};

class Descents {
public:
    Descents(const PackedTerms& terms, const HessianBlocks& blocks, const KernelTable& kernels,
            const DescentSettings& settings, vector<double>& positions);
    vector<DescentResult> run();
private:
    void takeNext(int lane);
    bool judge(int lane);
    void plan(int lane);
    void restart(int lane);
    void finish(int lane, bool converged);
    void shorten(int lane);
    bool hasConverged(int lane) const;

    const TermView view;
    const BlockView blocks;
    const KernelTable& kernels;
    const DescentSettings& settings;
    vector<double>& positions;
    const int numLanes, numCoordinates, numCopies;
    AlignedDoubles buffer;
    Descent state;
    double* energies;
    vector<Lane> lanes;
    vector<DescentResult> results;
    int numTaken = 0, numBusy = 0;
};

/** Numbers of a descent in multiples of lanes. */
size_t countRows(int numCoordinates, const BlockView& blocks) {
    return (size_t) numCoordinates * (5 + 2 * DEPTH) + 2 * DEPTH + 9 + NUM_KINDS + 2 * 9 * (size_t) blocks.numBlocks;
}

Descents::Descents(const PackedTerms& terms, const HessianBlocks& hessianBlocks, const KernelTable& kernels,
        const DescentSettings& settings, vector<double>& positions) :
        view(terms.getView()), blocks(hessianBlocks.getView()),
        kernels(kernels), settings(settings), positions(positions), numLanes(kernels.lanes),
        numCoordinates(3 * terms.getNumAtoms()), numCopies((int) (positions.size() / numCoordinates)),
        buffer(countRows(numCoordinates, blocks) * numLanes), lanes(numLanes), results(numCopies) {
    double* next = buffer.data();
    const auto take = [&](size_t rows) {
        double* taken = next;
        next += rows * numLanes;
        return taken;
    };
    state.numCoordinates = numCoordinates;
    state.depth = DEPTH;
    for (double** array : {&state.x, &state.gradient, &state.direction, &state.trial})
        *array = take(numCoordinates);
    state.trialGradient = take(numCoordinates + DEPTH); // advance() puts factors behind it
    state.steps = take((size_t) numCoordinates * DEPTH);
    state.changes = take((size_t) numCoordinates * DEPTH);
    state.inverse = take(DEPTH);
    state.factor = take(9 * (size_t) blocks.numBlocks);
    state.newFactor = take(9 * (size_t) blocks.numBlocks);
    for (double** array : {&state.scale, &state.accepted, &state.learns, &state.length, &state.slope, &state.reach,
             &state.residual, &state.refreshed, &state.modelled})
        *array = take(1);
    energies = take(NUM_KINDS);
}

/** Put the next copy into a lane, or leave what is there: finite numbers that nobody looks at. */
void Descents::takeNext(int lane) {
    lanes[lane] = Lane();
    state.length[lane] = 0;
    state.accepted[lane] = state.learns[lane] = 0;
    for (int slot = 0; slot < DEPTH; slot++)
        state.inverse[slot * numLanes + lane] = 0;
    state.scale[lane] = FIRST_SCALE;
    const int copy = numTaken < numCopies ? numTaken : lane % numCopies;
    for (int i = 0; i < numCoordinates; i++) {
        state.direction[i * numLanes + lane] = 0;
        state.x[i * numLanes + lane] = positions[(size_t) copy * numCoordinates + i];
    }
    if (numTaken < numCopies) {
        lanes[lane].copy = numTaken++;
        numBusy++;
    }
}

void Descents::finish(int lane, bool converged) {
    const Lane& done = lanes[lane];
    results[done.copy] = {done.energy, done.numIterations, converged};
    for (int i = 0; i < numCoordinates; i++)
        positions[(size_t) done.copy * numCoordinates + i] = state.x[i * numLanes + lane];
    numBusy--;
    takeNext(lane);
}

/** Accept a trial if its energy is lower, by a part of what the slope promised. */
bool Descents::judge(int lane) {
    Lane& own = lanes[lane];
    own.trialEnergy = 0;
    for (int kind = 0; kind < NUM_KINDS; kind++)
        own.trialEnergy += energies[kind * numLanes + lane];
    const double promised = SUFFICIENT * state.length[lane] * state.slope[lane];
    const bool accepted = own.copy >= 0 && std::isfinite(own.trialEnergy) &&
            (own.fresh || own.trialEnergy <= own.energy + promised + ROUNDING * (1 + std::fabs(own.energy)));
    state.accepted[lane] = accepted ? 1 : 0;
    state.learns[lane] = accepted && !own.fresh ? 1 : 0;
    const bool refreshed = accepted && (own.fresh || (own.numIterations + 1) % REFRESH == 0);
    state.refreshed[lane] = refreshed ? 1 : 0;
    if (refreshed)
        state.modelled[lane] = 1;
    return refreshed;
}

/** RDKit's criterion, with distances from the centroid. */
bool Descents::hasConverged(int lane) const {
    const double unit = std::max(RDKIT_SCALE * lanes[lane].energy, 1.0);
    return RDKIT_SCALE * state.residual[lane] < settings.tolerance * unit;
}

/** Forget what a lane remembers and go along the gradient. */
void Descents::restart(int lane) {
    for (int slot = 0; slot < DEPTH; slot++)
        state.inverse[slot * numLanes + lane] = 0;
    state.scale[lane] = FIRST_SCALE;
    state.modelled[lane] = 0;
    state.slope[lane] = state.reach[lane] = 0;
    for (int i = 0; i < numCoordinates; i++) {
        const double gradient = state.gradient[i * numLanes + lane], direction = -FIRST_SCALE * gradient;
        state.direction[i * numLanes + lane] = direction;
        state.slope[lane] += direction * gradient;
        state.reach[lane] = std::max(state.reach[lane], std::fabs(direction));
    }
    lanes[lane].steepest = true;
    state.length[lane] = std::min(1.0, FARTHEST / std::max(state.reach[lane], NEAREST));
}

/** After a step that was too long: the minimum of the parabola through the two energies and the slope. */
void Descents::shorten(int lane) {
    const Lane& own = lanes[lane];
    const double length = state.length[lane], slope = state.slope[lane];
    const double curvature = 2 * (own.trialEnergy - own.energy - slope * length);
    double next = std::isfinite(curvature) && curvature > 0 ? -slope * length * length / curvature : 0.1 * length;
    next = std::clamp(next, 0.1 * length, 0.5 * length);
    state.length[lane] = next;
    if (next * state.reach[lane] >= NEAREST)
        return;
    if (own.steepest)
        finish(lane, false);
    else
        restart(lane);
}

/** Choose the length of the next trial, or finish. */
void Descents::plan(int lane) {
    Lane& own = lanes[lane];
    if (own.copy < 0)
        return;
    if (state.accepted[lane] == 0) {
        if (own.fresh) {
            own.energy = own.trialEnergy;
            finish(lane, false);
        }
        else
            shorten(lane);
        return;
    }
    own.energy = own.trialEnergy;
    own.numIterations += own.fresh ? 0 : 1;
    own.steepest = own.fresh;
    own.fresh = false;
    const bool converged = hasConverged(lane);
    if (converged || own.numIterations >= settings.maxIterations)
        finish(lane, converged);
    else if (state.slope[lane] < 0)
        state.length[lane] = std::min(1.0, FARTHEST / state.reach[lane]);
    else
        restart(lane);
}

vector<DescentResult> Descents::run() {
    if (numCopies == 0)
        return results;
    for (int lane = 0; lane < numLanes; lane++)
        takeNext(lane);
    while (numBusy > 0) {
        kernels.move(state);
        kernels.evaluate(view, state.trial, state.trialGradient, energies);
        bool refreshed = false;
        for (int lane = 0; lane < numLanes; lane++)
            refreshed = judge(lane) || refreshed;
        if (refreshed)
            kernels.factorize(view, blocks, state);
        kernels.advance(blocks, state);
        for (int lane = 0; lane < numLanes; lane++)
            plan(lane);
    }
    return results;
}

} // namespace

vector<DescentResult> mmff::minimizeCopies(const PackedTerms& terms, const HessianBlocks& blocks,
        const KernelTable& kernels, const DescentSettings& settings, vector<double>& positions) {
    return Descents(terms, blocks, kernels, settings, positions).run();
}
