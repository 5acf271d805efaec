// SPDX-License-Identifier: MIT
// The terms of a molecule as the kernels read them, and the kernels of this processor.
#ifndef OPENMM_ORBIT_MMFFPACKED_H_
#define OPENMM_ORBIT_MMFFPACKED_H_

#include "openmmorbit/internal/MMFFKernel.h"
#include "openmmorbit/internal/MMFFTerms.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace OrbitPlugin {
namespace mmff {

/** Terms with their units multiplied in, and the view of them that kernels take. */
class OPENMM_EXPORT_ORBIT PackedTerms {
public:
    explicit PackedTerms(const Terms& terms);
    /** Get pointers into this object. */
    TermView getView() const;
    int getNumAtoms() const {
        return numAtoms;
    }
private:
    int numAtoms;
    std::vector<PackedBond> bonds;
    std::vector<PackedAngle> angles;
    std::vector<PackedLinear> linear;
    std::vector<PackedCentre> centres;
    std::vector<PackedTorsion> torsions;
    std::vector<PackedPair> pairs;
    std::vector<int> firstPair;
};

/** Zeros, aligned to the widest vectors. */
class OPENMM_EXPORT_ORBIT AlignedDoubles {
public:
    explicit AlignedDoubles(std::size_t size);
    double* data() {
        return values.get();
    }
private:
    static constexpr std::align_val_t ALIGNMENT = std::align_val_t(64);
    struct Release {
        void operator()(double* pointer) const {
            ::operator delete(pointer, ALIGNMENT);
        }
    };
    std::unique_ptr<double[], Release> values;
};

/** Get the tables that this processor can run, the widest last. */
OPENMM_EXPORT_ORBIT std::vector<const KernelTable*> getKernelTables();

/**
 * Get the widest table that this processor can run, or that the environment variable ORBIT_CPU_ISA allows; wider names
 * than there are kernels for stand for the widest.
 *
 * @param function   the public function, for messages
 * @throws ArgumentError for an unknown name, and one that this processor lacks
 */
OPENMM_EXPORT_ORBIT const KernelTable& chooseKernelTable(const std::string& function);

} // namespace mmff
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MMFFPACKED_H_
