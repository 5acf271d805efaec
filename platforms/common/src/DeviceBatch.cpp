// SPDX-License-Identifier: MIT
// How a batch is packed for the device.
#include "DeviceBatch.h"
#include "openmmorbit/internal/stages/StereoGuidance.h"
#include <algorithm>

using namespace OpenMM;

namespace OrbitPlugin {
namespace common {

using std::vector;

void DeviceBatch::set(Device& device, const Batch& batch, int points) {
    ComputeContext& context = device.context;
    const bool asDouble = device.precision.mixedIsDouble;
    numRows = batch.getNumTokens();
    numCopies = (int) batch.copies.size();
    pointsPerToken = points;
    packCopies(context, batch);
    packVolumes(context, batch, asDouble);
    packTorsions(context, batch, asDouble);
    packPockets(context, batch, asDouble);
    if (!batch.fixed.empty()) {
        fixed.upload(context, vector<int>(batch.fixed.begin(), batch.fixed.end()));
        start.uploadNumbers(context, batch.start, asDouble);
    }
    if (!batch.leaders.empty())
        leaders.upload(context, batch.leaders);
    if (batch.hasContrasts()) {
        vector<int> values;
        for (const BatchCopy& copy : batch.copies)
            values.push_back(copy.contrast);
        contrasts.upload(context, values);
    }
    if (!batch.particles.empty())
        particles.upload(context, batch.particles);
    reserveAll(device);
}

void DeviceBatch::packCopies(ComputeContext& context, const Batch& batch) {
    vector<int> firstRows, conditionValues;
    int numTokens = 0;
    for (const TokenInputs& inputs : batch.inputs) {
        firstRows.push_back(numTokens);
        numTokens += inputs.numTokens;
    }
    vector<mm_int4> rowValues, keyValues;
    vector<mm_int2> copyValues;
    for (int c = 0; c < numCopies; c++) {
        const BatchCopy& copy = batch.copies[c];
        const auto place = std::find(conditionValues.begin(), conditionValues.end(), copy.condition);
        const int condition = (int) (place - conditionValues.begin());
        if (place == conditionValues.end())
            conditionValues.push_back(copy.condition);
        for (int i = 0; i < batch.getNumTokens(c); i++)
            rowValues.emplace_back(c, condition, firstRows[copy.input] + i, i);
        copyValues.emplace_back(batch.getFirstToken(c), batch.getNumTokens(c));
        keyValues.emplace_back((int) copy.record, (int) copy.copy, (int) copy.draw, 0);
    }
    numConditions = (int) conditionValues.size();
    rows.upload(context, rowValues);
    copies.upload(context, copyValues);
    keys.upload(context, keyValues);
    conditions.upload(context, conditionValues);
}

void DeviceBatch::packVolumes(ComputeContext& context, const Batch& batch, bool asDouble) {
    vector<mm_int4> atoms;
    vector<double> scales;
    vector<mm_int2> ofInput;
    vector<mm_int4> ofCopy;
    for (const TokenInputs& inputs : batch.inputs) {
        ofInput.emplace_back((int) atoms.size(), (int) inputs.handedVolumes.size());
        for (const HandedVolume& volume : inputs.handedVolumes) {
            atoms.emplace_back(volume.atoms[0], volume.atoms[1], volume.atoms[2], volume.atoms[3]);
            scales.insert(scales.end(), {getCertainVolume(volume), getLeastGradient(volume)});
        }
    }
    for (const BatchCopy& copy : batch.copies)
        ofCopy.emplace_back(ofInput[copy.input].x, ofInput[copy.input].y, copy.isHandKnown ? 1 : 0, 0);
    if (atoms.empty())
        return;
    volumes.upload(context, atoms);
    volumeScales.uploadNumbers(context, scales, asDouble);
    copyVolumes.upload(context, ofCopy);
}

void DeviceBatch::packTorsions(ComputeContext& context, const Batch& batch, bool asDouble) {
    if (batch.torsions.empty())
        return;
    vector<mm_int4> atoms;
    vector<mm_int2> ofInput(batch.inputs.size(), mm_int2(0, 0)), ofCopy, ranges;
    vector<int> points;
    vector<double> limits;
    for (int input = 0; input < (int) batch.torsions.size(); input++) {
        ofInput[input] = mm_int2((int) atoms.size(), (int) batch.torsions[input].size());
        for (const TurnedTorsion& torsion : batch.torsions[input]) {
            atoms.emplace_back(torsion.atoms[0], torsion.atoms[1], torsion.atoms[2], torsion.atoms[3]);
            limits.insert(limits.end(), {torsion.lower, torsion.upper});
            ranges.emplace_back((int) points.size(), (int) torsion.moving.size());
            points.insert(points.end(), torsion.moving.begin(), torsion.moving.end());
        }
    }
    for (const BatchCopy& copy : batch.copies)
        ofCopy.push_back(ofInput[copy.input]);
    torsions.upload(context, atoms);
    torsionRanges.uploadNumbers(context, limits, asDouble);
    movingRanges.upload(context, ranges);
    moving.upload(context, points);
    copyTorsions.upload(context, ofCopy);
}

void DeviceBatch::packPockets(ComputeContext& context, const Batch& batch, bool asDouble) {
    if (batch.pockets.empty())
        return;
    vector<mm_int4> ofInput(batch.inputs.size(), mm_int4(0, 0, -1, 0)), ofCopy;
    vector<double> values, radii;
    for (int input = 0; input < (int) batch.pockets.size(); input++) {
        const AvoidedPocket& pocket = batch.pockets[input];
        ofInput[input] = mm_int4((int) values.size() / 4, pocket.getNumObstacles(), pocket.anchor, (int) radii.size());
        for (int p = 0; p < pocket.getNumObstacles(); p++) {
            values.insert(values.end(), pocket.positions.begin() + 3 * p, pocket.positions.begin() + 3 * p + 3);
            values.push_back(pocket.radii[p]);
        }
        radii.insert(radii.end(), pocket.pointRadii.begin(), pocket.pointRadii.end());
    }
    for (const BatchCopy& copy : batch.copies)
        ofCopy.push_back(ofInput[copy.input]);
    copyPockets.upload(context, ofCopy);
    obstacles.uploadNumbers(context, values, asDouble);
    pointRadii.uploadNumbers(context, radii, asDouble);
    moves.reserve(context, 6 * getNumPoints(), asDouble ? sizeof(double) : sizeof(float));
}

void DeviceBatch::reserveAll(const Device& device) {
    ComputeContext& context = device.context;
    const int realSize = device.precision.getRealSize(), mixedSize = device.precision.getMixedSize();
    const std::size_t n = numRows, numValues = 3 * getNumPoints();
    for (Buffer* buffer : {&positions, &denoised, &previousDenoised, &noise, &predicted, &predictedDenoised,
            &unguided})
        buffer->reserve(context, numValues, mixedSize);
    centroids.reserve(context, 3 * numCopies, mixedSize);

    // A vector that starts at the last row may reach beyond it.

    u.reserve(context, 3 * pointsPerToken * (n + PADDING), realSize);
    output.reserve(context, numValues, realSize);
}

} // namespace common
} // namespace OrbitPlugin
