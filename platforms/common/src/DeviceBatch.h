// SPDX-License-Identifier: MIT
// A batch on a device: which row, pair and query belongs to which copy, and the arrays that the stages fill.
#ifndef OPENMM_ORBIT_COMMONDEVICEBATCH_H_
#define OPENMM_ORBIT_COMMONDEVICEBATCH_H_

#include "DeviceModel.h"
#include "openmmorbit/internal/Batch.h"

namespace OrbitPlugin {
namespace common {

/** The arrays of a batch. Their sizes are arguments of the kernels; another batch needs no compilation. */
class DeviceBatch {
public:
    /** Replace the batch: pack the indices, upload them and make room for all arrays. */
    void set(DeviceModel& model, const Batch& batch);
    int numRows = 0, numCopies = 0, numPairs = 0, numGraphPairs = 0, numUnits = 0, numConditions = 0;
    int numAtomFeatures = 0, numPairFeatures = 0;
    int pointsPerToken = 1;
    int layersAtOnce = 1;       ///< layers whose attention biases are in memory together

    // Indices; see the kernels for their columns.
    Buffer rows{"rows"}, copies{"copies"}, keys{"keys"}, conditions{"conditions"}, units{"units"},
            pairBlocks{"pairBlocks"};
    Buffer graphs{"graphs"}, graphBlocks{"graphBlocks"}, atomFeatures{"atomFeatures"}, pairFeatures{"pairFeatures"};
    Buffer copyVolumes{"copyVolumes"}, volumes{"volumes"}, volumeScales{"volumeScales"};
    Buffer particles{"particles"}, fixed{"fixed"};
    // Coordinates in mixed precision.
    Buffer positions{"positions"}, denoised{"denoised"}, previousDenoised{"previousDenoised"}, noise{"noise"};
    Buffer predicted{"predicted"}, predictedDenoised{"predictedDenoised"}, unguided{"unguided"};
    Buffer centroids{"centroids"}, start{"start"};
    // The network, real.
    Buffer u{"u"}, cond{"cond"}, modulation{"modulation"}, embedded{"embedded"}, bias{"bias"}, x{"x"}, qkv{"qkv"};
    Buffer gathered{"gathered"}, gated{"gated"}, output{"output"};

    int getNumPoints() const {
        return numRows * pointsPerToken;
    }
    int getUStride() const {
        return u.getCapacity() / (3 * pointsPerToken);
    }
    int getEmbeddedStride() const {
        return numGraphPairs;
    }
private:
    void packGraphs(const Batch& batch);
    void packVolumes(OpenMM::ComputeContext& context, const Batch& batch, bool asDouble);
    void packCopies(const Batch& batch, int queryBlock);
    void uploadAll(OpenMM::ComputeContext& context);
    void reserveAll(DeviceModel& model);
    std::vector<OpenMM::mm_int4> rowValues, copyValues, keyValues, unitValues, graphValues;
    std::vector<int> conditionValues, pairBlockValues, graphBlockValues, atomFeatureValues, pairFeatureValues;
    std::vector<int> firstFeatureRows;
};

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONDEVICEBATCH_H_
