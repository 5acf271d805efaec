// SPDX-License-Identifier: MIT
// How closely two implementations of a stage must agree: one table, stage by precision.
#ifndef OPENMM_ORBIT_TESTS_TOLERANCES_H_
#define OPENMM_ORBIT_TESTS_TOLERANCES_H_

#include "Matchers.h"
#include <stdexcept>
#include <string>
#include <vector>

namespace testSupport {

/** One row of the table: the tolerance of a stage in double, single and BF16 arithmetic. */
struct ToleranceRow {
    const char* stage;
    Tolerance inDouble, inSingle, inBFloat16;
};

/** The table. Values are {relative, absolute}; raising one needs a reason beside it. */
inline const std::vector<ToleranceRow>& toleranceTable() {
    static const std::vector<ToleranceRow> table = {
        // Exact up to the order of a few operations.
        {"exact",             {0, 0},         {0, 0},         {0, 0}},
        {"roundTrip",         {1e-14, 1e-14}, {1e-6, 1e-7},   {8e-3, 1e-3}},
        {"noise",             {1e-12, 1e-12}, {2e-6, 2e-6},   {1e-2, 1e-2}},
        {"prior",             {1e-12, 1e-12}, {1e-5, 1e-5},   {1e-2, 1e-2}},
        {"samplerStep",       {1e-12, 1e-12}, {1e-5, 1e-5},   {1e-2, 1e-2}},
        // The network. Values are of order one to ten; single precision sums hundreds of terms in every row.
        {"layerNorm",         {1e-11, 1e-11}, {2e-5, 2e-5},   {2e-2, 2e-2}},
        {"linear",            {1e-11, 1e-11}, {2e-5, 2e-5},   {2e-2, 2e-2}},
        {"softmax",           {1e-11, 1e-11}, {1e-5, 1e-6},   {2e-2, 1e-2}},
        {"timeConditioning",  {1e-11, 1e-11}, {5e-5, 2e-5},   {3e-2, 3e-2}},
        {"tokenEmbedding",    {1e-11, 1e-11}, {2e-5, 2e-5},   {3e-2, 3e-2}},
        {"pairFeatures",      {1e-11, 1e-11}, {5e-5, 5e-5},   {3e-2, 5e-2}},
        {"pairBiasAttention", {1e-10, 1e-10}, {2e-4, 2e-4},   {5e-2, 1e-1}},
        {"transition",        {1e-10, 1e-10}, {2e-4, 2e-4},   {5e-2, 1e-1}},
        {"flowConditioning",  {1e-11, 1e-11}, {1e-4, 1e-4},   {3e-2, 3e-2}},
        {"binnedPairs",       {1e-11, 1e-11}, {1e-4, 1e-4},   {3e-2, 5e-2}},
        {"gatedAttention",    {1e-10, 1e-10}, {2e-4, 2e-4},   {5e-2, 1e-1}},
        {"coordinateHead",    {1e-10, 1e-10}, {5e-4, 5e-4},   {5e-2, 1e-1}},
        {"denoiser",          {1e-10, 1e-10}, {5e-4, 5e-4},   {5e-2, 1e-1}},
        // A whole generation: errors of the network pass through all steps.
        {"generation",        {1e-8, 1e-8},   {5e-3, 5e-3},   {1e-1, 2e-1}},
        // Symmetries of the network under rotation, translation and renumbering.
        {"equivariance",      {1e-9, 1e-9},   {2e-3, 2e-3},   {5e-2, 1e-1}},
        // The orbit posterior, double everywhere.
        {"logNormalizer",     {1e-11, 1e-11}, {1e-4, 1e-4},   {1e-2, 1e-2}},
        {"meanRotation",      {1e-10, 1e-11}, {1e-4, 1e-4},   {1e-2, 1e-2}},
        {"orbitMean",         {1e-8, 1e-9},   {1e-4, 1e-4},   {1e-2, 1e-2}},
        // One distribution against 30-digit values; rounding of entries up to 1e9 is relative.
        {"matrixFisher",      {1e-12, 1e-12}, {1e-4, 1e-4},   {1e-2, 1e-2}},
        // Asymptotic formulas at singular values of 1e-4 and 1e5, correct to the next order.
        {"asymptotic",        {1e-9, 1e-9},   {1e-4, 1e-4},   {1e-2, 1e-2}},
        // Training.
        {"interpolant",       {1e-12, 1e-12}, {1e-5, 1e-5},   {1e-2, 1e-2}},
        {"denoisingLoss",     {1e-9, 1e-10},  {1e-4, 1e-5},   {5e-2, 1e-2}},
        {"gradient",          {1e-5, 1e-7},   {1e-2, 1e-3},   {1e-1, 1e-1}},
        // OpenMM's units and positions: nm, float on every platform but Reference.
        {"positions",         {1e-10, 1e-10}, {1e-5, 1e-5},   {1e-2, 1e-2}},
        // kJ/mol; RDKit's MMFF94 in C++ prints and stores doubles, 1e-3 kcal/mol is asked for.
        {"mmffEnergy",        {0, 4.184e-3},  {1e-5, 4.184e-2}, {1e-2, 1}},
        // The vectorised MMFF94: closed forms and differences of energies in kcal/mol and Angstrom; energies of RDKit
        // that were written with six digits, kJ/mol; and other orders of the same operations.
        {"mmffTerm",          {1e-9, 1e-9},   {1e-4, 1e-4},   {1e-2, 1e-2}},
        {"mmffGradient",      {1e-6, 1e-5},   {1e-2, 1e-2},   {1e-1, 1e-1}},
        {"mmffModel",         {1e-5, 1e-5},   {1e-2, 1e-2},   {1e-1, 1e-1}},
        {"mmffRounded",       {1e-12, 3e-6},  {1e-5, 4e-2},   {1e-2, 1}},
        {"mmffKernel",        {1e-10, 1e-9},  {1e-4, 1e-4},   {1e-2, 1e-2}},
        // Geometry of finished conformers, nm and radian.
        {"geometry",          {1e-6, 1e-6},   {1e-4, 1e-4},   {1e-2, 1e-2}},
    };
    return table;
}

/**
 * Get the tolerance of a stage or tap ("pairBiasAttention.0" has the tolerance of pairBiasAttention).
 *
 * @param stage       a row of the table
 * @param precision   "double", "single", "mixed" (as single: positions and weights are float), "bfloat16" or "tf32"
 *                    (operands with three bits more than BF16)
 */
inline Tolerance tolerance(const std::string& stage, const std::string& precision) {
    const std::string row = stage.substr(0, stage.find('.'));
    for (const ToleranceRow& entry : toleranceTable())
        if (row == entry.stage) {
            if (precision == "double")
                return entry.inDouble;
            if (precision == "single" || precision == "mixed")
                return entry.inSingle;
            if (precision == "bfloat16")
                return entry.inBFloat16;
            if (precision == "tf32")
                return {entry.inBFloat16.relative / 8, entry.inBFloat16.absolute / 8};
            throw std::invalid_argument(
                    "tolerance: expected double, single, mixed, bfloat16 or tf32, got \""+precision+"\"");
        }
    throw std::invalid_argument("tolerance: expected a row of Tolerances.h, got \""+stage+"\"");
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_TOLERANCES_H_
