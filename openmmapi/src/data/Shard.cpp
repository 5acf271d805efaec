// SPDX-License-Identifier: MIT
// Writing and reading of shards; the byte layout stands in docs/training.md.
#include "openmmorbit/Shard.h"
#include "Crc32.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

using namespace OpenMM;

namespace OrbitPlugin {

namespace {

const std::string FILE_MAGIC = "ORBSHRD1";
const std::string RECORD_MAGIC = "RECORD\r\n";
const std::size_t HEAD_SIZE = 24;
const std::uint32_t MAX_NAME = 4096;
const std::size_t SEARCH_SIZE = 1 << 16;

/** Little-endian bytes of values, appended to a string. */
struct Packer {
    std::string bytes;

    void number(std::uint32_t value) {
        for (int k = 0; k < 4; k++)
            bytes.push_back((char) ((value >> (8 * k)) & 0xFF));
    }
    void text(const std::string& value) {
        number((std::uint32_t) value.size());
        bytes += value;
    }
    void floats(const std::vector<float>& values) {
        number((std::uint32_t) values.size());
        for (float value : values) {
            std::uint32_t bits;
            std::memcpy(&bits, &value, 4);
            number(bits);
        }
    }
    void indices(const std::vector<int>& values) {
        number((std::uint32_t) values.size());
        for (int value : values)
            number((std::uint32_t) value);
    }
};

/** The reverse of Packer; every read is bounds-checked. */
struct Unpacker {
    const std::string& bytes;
    std::size_t offset, end;

    std::size_t need(std::size_t size) {
        if (size > end - offset)
            throw ArgumentError("ShardReader::next: expected a complete record, got one that ends early");
        std::size_t start = offset;
        offset += size;
        return start;
    }
    std::uint32_t number() {
        std::size_t start = need(4);
        std::uint32_t value = 0;
        for (int k = 0; k < 4; k++)
            value |= (std::uint32_t) (unsigned char) bytes[start + k] << (8 * k);
        return value;
    }
    int count(std::size_t elementSize) {
        std::uint32_t value = number();
        if (value > (end - offset) / elementSize)
            throw ArgumentError("ShardReader::next: expected a complete record, got one that ends early");
        return (int) value;
    }
    std::string text() {
        std::size_t size = count(1);
        return bytes.substr(need(size), size);
    }
    std::vector<float> floats() {
        std::vector<float> values(count(4));
        for (float& value : values) {
            std::uint32_t bits = number();
            std::memcpy(&value, &bits, 4);
        }
        return values;
    }
    std::vector<int> indices() {
        std::vector<int> values(count(4));
        for (int& value : values)
            value = (int) number();
        return values;
    }
};

std::string pack(const ShardRecord& record) {
    const MolecularGraph& graph = record.graph;
    Packer packer;
    packer.text(graph.name);
    packer.text(graph.smiles);
    packer.text(record.flatSmiles);
    packer.text(record.condition);
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
    packer.floats(record.positions);
    packer.floats(record.energies);
    packer.floats(record.weights);
    return packer.bytes;
}

ShardRecord unpack(Unpacker unpacker) {
    ShardRecord record;
    MolecularGraph& graph = record.graph;
    graph.name = unpacker.text();
    graph.smiles = unpacker.text();
    record.flatSmiles = unpacker.text();
    record.condition = unpacker.text();
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
    record.positions = unpacker.floats();
    record.energies = unpacker.floats();
    record.weights = unpacker.floats();
    return record;
}

} // namespace

void ShardRecord::validate() const {
    graph.validate();
    int numConformers = getNumConformers();
    if (numConformers < 1 || positions.size() != (std::size_t) numConformers * graph.atoms.size() * 3)
        throw ArgumentError("ShardRecord::validate: expected conformers of " + std::to_string(graph.atoms.size()) +
                " atoms for " + graph.getLabel() + ", got " + std::to_string(positions.size()) + " coordinates");
    for (const std::vector<float>* values : {&energies, &weights})
        if (!values->empty() && values->size() != (std::size_t) numConformers)
            throw ArgumentError("ShardRecord::validate: expected one energy and weight for each of " +
                    std::to_string(numConformers) + " conformers of " + graph.getLabel() + ", got " +
                    std::to_string(values->size()));
    for (const std::vector<float>* values : {&positions, &energies, &weights})
        for (std::size_t i = 0; i < values->size(); i++)
            if (!std::isfinite((*values)[i]))
                throw ArgumentError("ShardRecord::validate: expected finite values for " + graph.getLabel() + ", got " +
                        std::to_string((*values)[i]) +
                        (values == &positions ? " for atom " + std::to_string(i / 3 % graph.atoms.size()) +
                                                " of conformer " + std::to_string(i / 3 / graph.atoms.size())
                                              : ""));
}

ShardWriter::ShardWriter(const std::string& path) : path(path), file(path, std::ios::binary | std::ios::trunc) {
    file << FILE_MAGIC;
    file.flush();
    if (!file)
        throw OpenMMException("ShardWriter::ShardWriter: expected a writable file, got \"" + path + "\"");
}

void ShardWriter::add(const ShardRecord& record) {
    try {
        record.validate();
    }
    catch (const ArgumentError& error) {
        throw ArgumentError("ShardWriter::add: record " + std::to_string(numRecords) + ": " + error.what());
    }
    std::string payload = pack(record);
    std::string label = record.graph.getLabel().substr(0, MAX_NAME);
    Packer head;
    head.bytes = RECORD_MAGIC;
    head.number((std::uint32_t) label.size());
    head.number((std::uint32_t) payload.size());
    head.number(crc32(payload.data(), payload.size()));
    head.number(crc32(head.bytes.data(), head.bytes.size()));
    file << head.bytes << label << payload;
    file.flush();
    if (!file)
        throw OpenMMException("ShardWriter::add: expected a writable file, got \"" + path + "\"");
    numRecords++;
}

ShardReader::ShardReader(const std::string& path) : path(path), file(path, std::ios::binary | std::ios::ate) {
    size = file ? (long long) file.tellg() : -1;
    if (size < 0)
        throw ArgumentError("ShardReader::ShardReader: expected a shard, got \"" + path + "\", which cannot be read");
    if (readBytes(0, FILE_MAGIC.size()) != FILE_MAGIC)
        throw ArgumentError("ShardReader::ShardReader: expected a shard that starts with \"" + FILE_MAGIC +
                "\", got \"" + path + "\"");
    offset = (long long) FILE_MAGIC.size();
}

/** Read a part of the file; fewer bytes come back at its end. */
std::string ShardReader::readBytes(long long start, std::size_t count) {
    std::string bytes(count, '\0');
    file.clear();
    file.seekg(start);
    file.read(&bytes[0], (std::streamsize) count);
    bytes.resize(std::max<std::streamsize>(file.gcount(), 0));
    return bytes;
}

/** Find the next bytes that begin a record; the size of the file if there are none. */
long long ShardReader::findRecord(long long start) {
    std::size_t blockSize = RECORD_MAGIC.size();
    for (long long place = start; place < size;) {
        const std::string block = readBytes(place, blockSize + RECORD_MAGIC.size() - 1);
        const std::size_t found = block.find(RECORD_MAGIC);
        if (found != std::string::npos)
            return place + (long long) found;
        place += (long long) blockSize;
        blockSize = SEARCH_SIZE;
    }
    return size;
}

/**
 * Read the record that begins at a place. On success the offset is that of its end; otherwise it is where the search
 * for the next one begins, and what is wrong comes back.
 */
std::string ShardReader::parse(long long start, ShardRecord& record) {
    const std::string bytes = readBytes(start, HEAD_SIZE);
    offset = start + (long long) RECORD_MAGIC.size();
    if (bytes.size() < HEAD_SIZE) {
        offset = size;
        return ": expected a complete record, got the end of the file";
    }
    Unpacker head{bytes, RECORD_MAGIC.size(), HEAD_SIZE};
    const std::uint32_t labelSize = head.number(), payloadSize = head.number(), payloadCrc = head.number(),
                        headCrc = head.number();
    if (bytes.compare(0, RECORD_MAGIC.size(), RECORD_MAGIC) != 0 ||
            crc32(bytes.data(), HEAD_SIZE - 4) != headCrc || labelSize > MAX_NAME)
        return ": expected an undamaged record head, got a wrong checksum; skipped it";
    start += (long long) HEAD_SIZE;
    offset = start;
    const bool complete = size - start >= (long long) labelSize + payloadSize;
    const std::string body = readBytes(start, complete ? (std::size_t) labelSize + payloadSize : labelSize);
    const std::string label = ", molecule " + body.substr(0, labelSize);
    if (!complete || body.size() < (std::size_t) labelSize + payloadSize)
        return label + ": expected a complete record, got the end of the file; skipped it";
    offset += labelSize;
    if (crc32(body.data() + labelSize, payloadSize) != payloadCrc)
        return label + ": expected an undamaged record, got a wrong checksum; skipped it";
    offset += payloadSize;
    try {
        ShardRecord candidate = unpack(Unpacker{body, labelSize, body.size()});
        candidate.validate();
        record = std::move(candidate);
        return "";
    }
    catch (const ArgumentError& error) {
        return label + ": " + error.what() + "; skipped it";
    }
}

bool ShardReader::next(ShardRecord& record) {
    while (offset < size) {
        const std::string where = "\"" + path + "\", record " + std::to_string(recordIndex);
        const long long found = findRecord(offset);
        if (found != offset)
            messages.push_back(where + ": expected the start of a record, got other bytes; skipped them");
        if (found == size) {
            offset = size;
            return false;
        }
        recordIndex++;
        const std::string fault = parse(found, record);
        if (fault.empty()) {
            recordOffset = found;
            return true;
        }
        messages.push_back(where + fault);
    }
    return false;
}

void ShardReader::read(long long place, ShardRecord& record) {
    const std::string fault = parse(place, record);
    if (!fault.empty())
        throw ArgumentError("ShardReader::read: expected the record that begins at byte " + std::to_string(place) +
                " of \"" + path + "\"" + fault + "; the file was changed since it was opened first");
    recordOffset = place;
}

} // namespace OrbitPlugin
