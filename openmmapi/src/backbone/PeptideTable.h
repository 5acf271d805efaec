// SPDX-License-Identifier: MIT
// What native backbones say: where peptide planes lie between CA atoms, and how probable phi and psi are.
#ifndef OPENMM_ORBIT_PEPTIDETABLE_H_
#define OPENMM_ORBIT_PEPTIDETABLE_H_

#include "openmm/Vec3.h"
#include <array>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Steps of a turn in which the angle of a peptide plane is decided; step k is the angle 360 k / NUM_PLANES degrees. */
constexpr int NUM_PLANES = 90;
/** Density of the angle of a plane about the axis between two CA atoms, [NUM_PLANES], the sum is 1. */
typedef std::array<double, NUM_PLANES> PlaneDensity;

/** Residues whose conformations differ. */
enum class ResidueKind {
    Any,        ///< the sequence is not known
    General,    ///< neither glycine nor proline
    Glycine,
    Proline
};

/** The tables that tests/benchmarks/fit_peptides.py wrote. */
class PeptideTable {
public:
    /** Two neighbours on an axis of cells, and the share of the second. */
    struct Place {
        int first, second;
        double share;
    };
    /** Get the tables; they are decoded once. */
    static const PeptideTable& get();
    /**
     * Get the density of the angle of a trans unit. The angle is counted from the direction from the second CA atom of
     * the unit to the one after it, positive from that to axis x direction; it leads to C of the first residue.
     *
     * @param before     distance from the CA atom before the unit to its second one, Angstrom
     * @param after      distance from the first CA atom of the unit to the one after it, Angstrom
     * @param dihedral   dihedral angle of these four CA atoms, degrees
     */
    PlaneDensity getMiddle(double before, double after, double dihedral) const;
    /** Get the density for the first unit of a chain; angles as in getMiddle(). */
    PlaneDensity getFirst(double after) const;
    /** Get the density for the last unit of a chain; angles from the direction to the CA atom before the unit. */
    PlaneDensity getLast(double before) const;
    /** Get the density for a cis unit; angles as in getMiddle(). */
    PlaneDensity getCis(double dihedral) const;
    /** Get the logarithm of the density of phi and psi, degrees, relative to that of uniform angles. */
    double getLogConformation(ResidueKind kind, double phi, double psi) const;
    /** Get the highest of these logarithms. */
    double getHighestLogConformation() const {
        return highest;
    }
    /**
     * Get by how much more probable four CA atoms are than their mirror image, as a logarithm; arguments as in
     * getMiddle().
     */
    double getHandedness(double before, double after, double dihedral) const;
private:
    struct Mode {
        double weight, mean, spread;
    };
    PeptideTable();
    void add(PlaneDensity& density, int row, double weight) const;
    /** Get the density between two rows of the table that follow `firstRow`. */
    PlaneDensity blend(int firstRow, const Place& place) const;
    double getLogCount(double before, double after, double dihedral) const;
    std::vector<Mode> modes;                ///< [row][NUM_MODES], rows: middle cells, first, last, cis
    std::string counts;                     ///< bytes as the script packed them
    std::vector<double> conformations;      ///< [kind][phi][psi]
    double highest = 0;
};

/**
 * Get by how much more probable CA atoms of a chain are than their mirror image, as a natural logarithm; 0 for less
 * than four.
 */
double sumHandedness(const std::vector<OpenMM::Vec3>& ca);

/** The tables as base64. */
extern const char* const peptideTableText;
extern const char* const conformationTableText;

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_PEPTIDETABLE_H_
