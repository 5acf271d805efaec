// SPDX-License-Identifier: MIT
// The bytes of heads, subjects and blocks of frames.
#include "ShardBytes.h"
#include "Crc32.h"

namespace OrbitPlugin {

namespace {

const std::uint32_t HAS_ENERGIES = 1, HAS_WEIGHTS = 2, HAS_FORCES = 4;

void packGraph(const MolecularGraph& graph, Packer& packer) {
    packer.number((std::uint32_t) graph.numAddedHydrogens);
    packer.number((std::uint32_t) graph.atoms.size());
    for (const GraphAtom& atom : graph.atoms) {
        packer.number((std::uint32_t) atom.element);
        packer.number((std::uint32_t) atom.formalCharge);
        packer.number((std::uint32_t) atom.isotope);
        packer.number((std::uint32_t) atom.hybridization);
        packer.number(atom.aromatic ? 1 : 0);
        packer.text(atom.name);
    }
    packer.number((std::uint32_t) graph.bonds.size());
    for (const GraphBond& bond : graph.bonds) {
        packer.number((std::uint32_t) bond.atom1);
        packer.number((std::uint32_t) bond.atom2);
        packer.number((std::uint32_t) bond.order);
    }
    packer.number((std::uint32_t) graph.rings.size());
    for (const std::vector<int>& ring : graph.rings)
        packer.indices(ring);
    packer.number((std::uint32_t) graph.tetrahedral.size());
    for (const TetrahedralStereo& stereo : graph.tetrahedral) {
        packer.number((std::uint32_t) stereo.center);
        for (int neighbor : stereo.neighbors)
            packer.number((std::uint32_t) neighbor);
    }
    packer.number((std::uint32_t) graph.torsional.size());
    for (const TorsionStereo& stereo : graph.torsional) {
        for (int atom : stereo.atoms)
            packer.number((std::uint32_t) atom);
        packer.number((std::uint32_t) stereo.kind);
    }
}

void unpackGraph(Unpacker& unpacker, MolecularGraph& graph) {
    graph.numAddedHydrogens = (int) unpacker.number();
    graph.atoms.resize(unpacker.count(24));
    for (GraphAtom& atom : graph.atoms) {
        atom.element = (int) unpacker.number();
        atom.formalCharge = (int) unpacker.number();
        atom.isotope = (int) unpacker.number();
        atom.hybridization = (Hybridization) unpacker.number();
        atom.aromatic = unpacker.number() != 0;
        atom.name = unpacker.text();
    }
    graph.bonds.resize(unpacker.count(12));
    for (GraphBond& bond : graph.bonds) {
        bond.atom1 = (int) unpacker.number();
        bond.atom2 = (int) unpacker.number();
        bond.order = (BondOrder) unpacker.number();
    }
    graph.rings.resize(unpacker.count(4));
    for (std::vector<int>& ring : graph.rings)
        ring = unpacker.indices();
    graph.tetrahedral.resize(unpacker.count(20));
    for (TetrahedralStereo& stereo : graph.tetrahedral) {
        stereo.center = (int) unpacker.number();
        for (int& neighbor : stereo.neighbors)
            neighbor = (int) unpacker.number();
    }
    graph.torsional.resize(unpacker.count(20));
    for (TorsionStereo& stereo : graph.torsional) {
        for (int& atom : stereo.atoms)
            atom = (int) unpacker.number();
        stereo.kind = (TorsionStereoKind) unpacker.number();
    }
}

void appendChecksum(Packer& packer, std::size_t start) {
    packer.number(crc32(packer.bytes.data() + start, packer.bytes.size() - start));
}

/** Whether the last four bytes are the checksum of those before them. */
bool isUndamaged(const char* bytes, std::size_t size) {
    std::uint32_t expected = 0;
    for (int k = 0; k < 4; k++)
        expected |= (std::uint32_t) (unsigned char) bytes[size - 4 + k] << (8 * k);
    return crc32(bytes, size - 4) == expected;
}

} // namespace

std::string packHead(const std::string& magic, const PartHead& head) {
    Packer packer;
    packer.bytes = magic;
    packer.number(head.first);
    packer.number(head.second);
    packer.number(head.checksum);
    appendChecksum(packer, 0);
    return packer.bytes;
}

bool unpackHead(const std::string& bytes, const std::string& magic, PartHead& head) {
    if (bytes.size() < HEAD_SIZE || bytes.compare(0, magic.size(), magic) != 0 || !isUndamaged(bytes.data(), HEAD_SIZE))
        return false;
    Unpacker unpacker{bytes, magic.size(), HEAD_SIZE};
    head.first = unpacker.number();
    head.second = unpacker.number();
    head.checksum = unpacker.number();
    return true;
}

std::string packSubject(const ShardSubject& subject) {
    Packer packer;
    packer.number((std::uint32_t) subject.kind);
    packer.number((std::uint32_t) subject.splitRule);
    packer.text(subject.splitKey);
    packer.number((std::uint32_t) subject.pointsPerToken);
    if (subject.kind == SubjectKind::Topology) {
        packer.text(subject.topology.toJson());
        return packer.bytes;
    }
    if (subject.kind == SubjectKind::Backbone) {
        packer.text(subject.backbone.name);
        packer.indices(subject.backbone.chains);
        packer.indices(subject.backbone.numbers);
        packer.text(subject.backbone.structure);
        return packer.bytes;
    }
    packer.text(subject.graph.name);
    packer.text(subject.graph.smiles);
    packGraph(subject.graph, packer);
    return packer.bytes;
}

ShardSubject unpackSubject(Unpacker unpacker) {
    ShardSubject subject;
    const std::uint32_t kind = unpacker.number();
    if (kind < (std::uint32_t) SubjectKind::Molecule || kind > (std::uint32_t) SubjectKind::Backbone)
        throw ArgumentError("ShardReader::nextSubject: expected a subject of a known kind, got kind " +
                std::to_string(kind) + "; it needs a newer version of OpenMM-Orbit");
    subject.splitRule = (SplitRule) unpacker.number();
    subject.splitKey = unpacker.text();
    subject.pointsPerToken = (int) unpacker.number();
    subject.kind = (SubjectKind) kind;
    if (subject.kind == SubjectKind::Topology) {
        subject.topology = TopologySubject::fromJson(unpacker.text(), "ShardReader::nextSubject: ");
        return subject;
    }
    if (subject.kind == SubjectKind::Backbone) {
        subject.backbone.name = unpacker.text();
        subject.backbone.chains = unpacker.indices();
        subject.backbone.numbers = unpacker.indices();
        subject.backbone.structure = unpacker.text();
        return subject;
    }
    subject.graph.name = unpacker.text();
    subject.graph.smiles = unpacker.text();
    unpackGraph(unpacker, subject.graph);
    return subject;
}

ShardRecord unpackRecord(Unpacker unpacker) {
    ShardRecord record;
    record.graph.name = unpacker.text();
    record.graph.smiles = unpacker.text();
    record.flatSmiles = unpacker.text();
    record.condition = unpacker.text();
    unpackGraph(unpacker, record.graph);
    record.positions = unpacker.floats();
    record.energies = unpacker.floats();
    record.weights = unpacker.floats();
    return record;
}

std::string packBlock(const FrameBlock& block, int numPoints, std::uint32_t checksum) {
    const int numFrames = block.getNumFrames(numPoints);
    Packer description, data;
    description.number(checksum);
    description.text(block.condition);
    description.real(block.temperature);
    description.text(block.series);
    description.number((std::uint32_t) numFrames);
    description.number((std::uint32_t) numPoints);
    const bool hasForces = !block.forces.empty();
    description.number((block.energies.empty() ? 0 : HAS_ENERGIES) | (block.weights.empty() ? 0 : HAS_WEIGHTS) |
            (hasForces ? HAS_FORCES : 0));
    const std::size_t length = 3 * (std::size_t) numPoints;
    data.bytes.reserve(numFrames * (std::size_t) (getFrameSize(numPoints, hasForces) + 8) + 4);
    for (int k = 0; k < numFrames; k++) {
        const std::size_t start = data.bytes.size();
        data.floats(block.positions.data() + k * length, length);
        if (hasForces)
            data.floats(block.forces.data() + k * length, length);
        appendChecksum(data, start);
    }
    const std::size_t tail = data.bytes.size();
    data.floats(block.energies.data(), block.energies.size());
    data.floats(block.weights.data(), block.weights.size());
    if (data.bytes.size() > tail)
        appendChecksum(data, tail);
    return packHead(FRAMES_MAGIC, {(std::uint32_t) description.bytes.size(), (std::uint32_t) data.bytes.size(),
                                          crc32(description.bytes.data(), description.bytes.size())}) +
            description.bytes + data.bytes;
}

std::uint32_t unpackDescription(Unpacker unpacker, FrameBlockHead& head) {
    const std::uint32_t checksum = unpacker.number();
    head.condition = unpacker.text();
    head.temperature = unpacker.real();
    head.series = unpacker.text();
    head.numFrames = (int) unpacker.number();
    head.numPoints = (int) unpacker.number();
    const std::uint32_t contents = unpacker.number();
    if ((contents & ~(HAS_ENERGIES | HAS_WEIGHTS | HAS_FORCES)) != 0 || head.numFrames < 1 || head.numPoints < 1)
        throw ArgumentError("ShardReader::nextHead: expected frames with positions, forces, energies and weights, got "
                            "others; they need a newer version of OpenMM-Orbit");
    head.hasForces = (contents & HAS_FORCES) != 0;
    head.hasEnergies = (contents & HAS_ENERGIES) != 0;
    head.hasWeights = (contents & HAS_WEIGHTS) != 0;
    return checksum;
}

bool unpackFrame(const char* bytes, const FrameBlockHead& head, float* positions, float* forces) {
    const std::size_t length = 3 * (std::size_t) head.numPoints;
    if (!isUndamaged(bytes, (std::size_t) getFrameSize(head)))
        return false;
    loadFloats(bytes, length, positions);
    if (head.hasForces)
        loadFloats(bytes + 4 * length, length, forces);
    return true;
}

bool unpackTail(const std::string& bytes, const FrameBlockHead& head, FrameBlock& block) {
    block.energies.resize(head.hasEnergies ? head.numFrames : 0);
    block.weights.resize(head.hasWeights ? head.numFrames : 0);
    if ((long long) bytes.size() != getTailSize(head))
        return false;
    if (bytes.empty())
        return true;
    if (!isUndamaged(bytes.data(), bytes.size()))
        return false;
    loadFloats(bytes.data(), block.energies.size(), block.energies.data());
    loadFloats(bytes.data() + 4 * block.energies.size(), block.weights.size(), block.weights.data());
    return true;
}

} // namespace OrbitPlugin
