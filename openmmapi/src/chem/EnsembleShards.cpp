// SPDX-License-Identifier: MIT
// Groups the records of SD files into ensembles and writes them to a shard.
#include "openmmorbit/EnsembleShards.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MoleculeReader.h"
#include "openmmorbit/Shard.h"
#include <algorithm>
#include <cstdlib>
#include <exception>

namespace OrbitPlugin {

namespace {

std::string getProperty(const MoleculeRecord& record, const std::string& name) {
    auto found = record.properties.find(name);
    return found == record.properties.end() ? std::string() : found->second;
}

/** Whether a record comes from a data set of ours of another level of theory. */
bool isOtherLevel(const std::string& level, const std::string& condition) {
    return (level == "GFN2-xTB" || level == "MMFF94s") && level != condition;
}

bool haveSameStereo(const MolecularGraph& a, const MolecularGraph& b) {
    return std::equal(a.tetrahedral.begin(), a.tetrahedral.end(), b.tetrahedral.begin(), b.tetrahedral.end(),
                   [](const TetrahedralStereo& s, const TetrahedralStereo& t) {
                       return s.center == t.center && s.neighbors == t.neighbors;
                   }) &&
            std::equal(a.torsional.begin(), a.torsional.end(), b.torsional.begin(), b.torsional.end(),
                    [](const TorsionStereo& s, const TorsionStereo& t) {
                        return s.atoms == t.atoms && s.kind == t.kind;
                    });
}

bool areConformers(const MolecularGraph& a, const MolecularGraph& b) {
    return std::equal(a.atoms.begin(), a.atoms.end(), b.atoms.begin(), b.atoms.end(),
                   [](const GraphAtom& s, const GraphAtom& t) {
                       return s.element == t.element && s.formalCharge == t.formalCharge && s.isotope == t.isotope;
                   }) &&
            std::equal(a.bonds.begin(), a.bonds.end(), b.bonds.begin(), b.bonds.end(),
                    [](const GraphBond& s, const GraphBond& t) {
                        return s.atom1 == t.atom1 && s.atom2 == t.atom2 && s.order == t.order;
                    }) &&
            haveSameStereo(a, b);
}

/**
 * Remove the labels that coordinates give but the usual SMILES does not: neutral nitrogen centres with a lone pair, and
 * twisted biaryl axes. Otherwise what is trained would not be what is asked for.
 */
MolecularGraph dropUnusualLabels(MolecularGraph graph) {
    auto isLonePairNitrogen = [&](const TetrahedralStereo& stereo) {
        return graph.atoms[stereo.center].element == 7 && stereo.neighbors[3] < 0;
    };
    auto isAtropisomer = [](const TorsionStereo& stereo) {
        return stereo.kind == TorsionStereoKind::AtropisomerMinus || stereo.kind == TorsionStereoKind::AtropisomerPlus;
    };
    graph.tetrahedral.erase(std::remove_if(graph.tetrahedral.begin(), graph.tetrahedral.end(), isLonePairNitrogen),
            graph.tetrahedral.end());
    graph.torsional.erase(
            std::remove_if(graph.torsional.begin(), graph.torsional.end(), isAtropisomer), graph.torsional.end());
    return graph;
}

/** Collects conformers until the next molecule starts, then writes the molecule. */
class Collector {
public:
    Collector(const std::string& shard, const EnsembleShardOptions& options) : writer(shard), options(options) {
    }
    void add(const MoleculeRecord& record, const std::string& file) {
        std::string id = getProperty(record, "ID"),
                    key = file + "\n" + getProperty(record, "SMILES") + "\n" + id.substr(0, id.find('_'));
        MolecularGraph graph = dropUnusualLabels(record.graph);
        bool next = current.graph.atoms.empty() || key != currentKey ||
                (id.empty() && record.graph.name != current.graph.name) || !areConformers(graph, current.graph);
        if (next) {
            flush();
            current.graph = graph;
            currentKey = key;
        }
        for (double value : record.positions)
            current.positions.push_back((float) value);
        addNumber(getProperty(record, "REL_E_KCAL"), current.energies);
        addNumber(getProperty(record, "BOLTZ_W"), current.weights);
    }
    void flush() {
        if (current.graph.atoms.empty())
            return;
        try {
            write();
        }
        catch (const std::exception& error) {
            addFault(current.graph.getLabel() + ": " + error.what());
        }
        current = ShardRecord();
    }
    void addFault(const std::string& message) {
        report.numFaults++;
        report.messages.push_back(message);
    }
    EnsembleShardReport report;
private:
    void addNumber(const std::string& text, std::vector<float>& values) {
        if (!text.empty())
            values.push_back(std::strtof(text.c_str(), nullptr));
    }
    void write() {
        std::size_t numConformers = current.getNumConformers();
        if (current.energies.size() != numConformers)
            current.energies.clear();
        if (current.weights.size() != numConformers)
            current.weights.clear();
        current.condition = options.condition;
        current.flatSmiles = flatSmiles(current.graph);
        if (isValidationMolecule(current.flatSmiles) != options.validation) {
            report.numOtherSide++;
            return;
        }
        writer.add(current);
        report.numMolecules++;
        report.numConformers += (int) numConformers;
    }
    ShardWriter writer;
    EnsembleShardOptions options;
    ShardRecord current;
    std::string currentKey;
};

} // namespace

EnsembleShardReport writeEnsembleShard(
        const std::vector<std::string>& files, const std::string& shard, const EnsembleShardOptions& options) {
    if (options.condition.empty())
        throw ArgumentError("writeEnsembleShard: expected a condition such as \"MMFF94s\", got an empty text");
    Collector collector(shard, options);
    ReaderOptions readerOptions;
    readerOptions.addHydrogens = false;
    for (const std::string& file : files) {
        MoleculeReader reader(file, readerOptions);
        MoleculeRecord record;
        while (reader.next(record)) {
            if (!record.error.empty())
                collector.addFault(file + ": " + record.error);
            else if (record.positions.empty())
                collector.addFault(file + ", record " + std::to_string(record.index) +
                        ": expected coordinates in three dimensions for " + record.graph.getLabel() + ", got none");
            else if (isOtherLevel(getProperty(record, "LEVEL"), options.condition))
                collector.addFault(file + ", record " + std::to_string(record.index) + ": expected conformers of " +
                        options.condition + ", as the condition says, got " + getProperty(record, "LEVEL") +
                        " by the tag LEVEL");
            else
                collector.add(record, file);
        }
        collector.flush();
    }
    return collector.report;
}

} // namespace OrbitPlugin
