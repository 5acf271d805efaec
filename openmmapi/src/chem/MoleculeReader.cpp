// SPDX-License-Identifier: MIT
// Reads files of molecules record by record; a record that is wrong becomes a report and the next one is read.
#include "openmmorbit/MoleculeReader.h"
#include "DataItems.h"
#include "SmilesLines.h"
#include "TextLines.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <cctype>
#include <exception>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;
using std::to_string;
using std::vector;

namespace {

enum class FileFormat { StructureData, Smiles };

/** Lines of a mol block before the atoms: title, program, comment, counts. Whatever they are, they end nothing. */
const std::size_t NUM_HEADER_LINES = 4;

/** The text of one record before it is understood. */
struct RecordText {
    string block; ///< mol block or SMILES
    string title; ///< for messages
    string name; ///< of a SMILES
    DataItems items; ///< data items, or further columns
    int line = 0; ///< where the record starts, from 1
    bool tooLong = false; ///< only the first MAX_RECORD_LENGTH bytes were kept
};

bool endsWith(const string& text, const string& ending) {
    return text.size() >= ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

bool isBlank(const string& text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) != 0; });
}

string trim(const string& text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n\f\v");
    return first == string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n\f\v") + 1 - first);
}

FileFormat getFormat(const string& path) {
    string name = path;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return (char) std::tolower(c); });
    if (endsWith(name, ".gz"))
        name.erase(name.size() - 3);
    if (endsWith(name, ".smi") || endsWith(name, ".smiles") || endsWith(name, ".ism"))
        return FileFormat::Smiles;
    if (!endsWith(name, ".sdf") && !endsWith(name, ".sd") && !endsWith(name, ".mol"))
        throw ArgumentError("MoleculeReader::MoleculeReader: expected a file that ends in .sdf, .mol or .smi, with or "
                            "without .gz, got \"" +
                path + "\"; rename or convert it");
    return FileFormat::StructureData;
}

} // namespace

struct MoleculeReader::Impl {
    Impl(const string& path, const ReaderOptions& options) :
            path(path),
            options(options),
            format(getFormat(path)),
            lines(path) {
    }
    string path;
    ReaderOptions options;
    FileFormat format;
    TextLines lines;
    SmilesLineReader columns;
    int numRecords = 0;
    bool isBegun = false, isFinished = false;

    bool getText(RecordText& text);
    bool getStructure(RecordText& text);
    bool getSmiles(RecordText& text);
    void read(const RecordText& text, MoleculeRecord& record) const;
};

bool MoleculeReader::Impl::getSmiles(RecordText& text) {
    string line;
    while (lines.next(line)) {
        text.tooLong = line.size() >= MAX_RECORD_LENGTH;
        line = trim(line);
        if (line.empty() || line[0] == '#')
            continue;
        const bool isFirst = !isBegun;
        isBegun = true;
        if (isFirst && columns.takeHeader(line))
            continue;
        const SmilesLine found = columns.read(line);
        text.block = found.smiles;
        text.name = found.name;
        text.items = found.items;
        text.title = found.smiles.substr(0, found.smiles.find(' '));
        text.line = lines.getNumber();
        return true;
    }
    return false;
}

bool MoleculeReader::Impl::getStructure(RecordText& text) {
    string line;
    DataItemCollector items;
    std::size_t numLines = 0, size = 0;
    bool inBlock = true, isComplete = false, hasText = false;
    text.line = lines.getNumber() + 1;
    while (!isComplete && lines.next(line)) {
        isComplete = line.rfind("$$$$", 0) == 0;
        size += line.size() + 1;
        text.tooLong = text.tooLong || size > MAX_RECORD_LENGTH;
        if (isComplete || text.tooLong)
            continue;
        numLines += inBlock ? 1 : 0;
        inBlock = inBlock && !(numLines > NUM_HEADER_LINES && line[0] == '>');
        if (!inBlock) {
            items.add(line);
            continue;
        }
        if (numLines == 1)
            text.title = trim(line);
        hasText = hasText || !isBlank(line);
        text.block += line + "\n";
        inBlock = !(numLines > NUM_HEADER_LINES && line.rfind("M  END", 0) == 0);
    }
    text.items = items.getItems();
    return hasText || !text.items.empty() || text.tooLong || isComplete;
}

bool MoleculeReader::Impl::getText(RecordText& text) {
    return format == FileFormat::Smiles ? getSmiles(text) : getStructure(text);
}

void MoleculeReader::Impl::read(const RecordText& text, MoleculeRecord& record) const {
    if (text.tooLong)
        throw ArgumentError("MoleculeReader::next: expected records of at most " + to_string(MAX_RECORD_LENGTH) +
                " bytes, got a longer one");
    if (format == FileFormat::Smiles) {
        record.graph = readSmiles(text.block, options);
        record.graph.name = text.name;
    }
    else {
        MoleculeRecord molecule = readMolBlockRecord(text.block, options);
        record.graph = molecule.graph;
        record.graph.name = text.title;
        record.positions = molecule.positions;
    }
    record.graph.properties = text.items;
}

MoleculeReader::MoleculeReader(const string& path, const ReaderOptions& options) :
        impl(std::make_unique<Impl>(path, options)) {
}

MoleculeReader::~MoleculeReader() = default;
MoleculeReader::MoleculeReader(MoleculeReader&&) noexcept = default;
MoleculeReader& MoleculeReader::operator=(MoleculeReader&&) noexcept = default;

bool MoleculeReader::next(MoleculeRecord& record) {
    record = MoleculeRecord();
    record.index = impl->numRecords;
    if (impl->isFinished)
        return false;
    RecordText text;
    const bool found = impl->getText(text);
    if (impl->lines.isDamaged() || (!found && impl->numRecords == 0)) {
        // The last report about a file: what is left of it cannot be read, or there was nothing.
        record.error = impl->lines.isDamaged()
                ? "MoleculeReader::next: expected a complete file, got a truncated or damaged one after record " +
                        to_string(impl->numRecords) + " of \"" + impl->path + "\""
                : "MoleculeReader::next: expected at least one record, got none in \"" + impl->path + "\"";
        impl->isFinished = true;
        impl->numRecords++;
        return true;
    }
    if (!found)
        return false;
    impl->numRecords++;
    for (const auto& [name, value] : text.items)
        record.properties[name] = value;
    try {
        impl->read(text, record);
    }
    catch (const std::exception& error) {
        const string title = shorten(text.title, 100);
        record.error = "MoleculeReader::next: record " + to_string(impl->numRecords) + " of \"" + impl->path +
                "\" (line " + to_string(text.line) + (title.empty() ? "" : ", \"" + title + "\"") +
                "): " + error.what();
    }
    return true;
}

vector<MoleculeRecord> MoleculeReader::readAll() {
    vector<MoleculeRecord> records;
    for (MoleculeRecord record; next(record);)
        records.push_back(record);
    return records;
}
