// SPDX-License-Identifier: MIT
// Reads files of molecules record by record; a record that is wrong becomes a report and the next one is read.
#include "openmmorbit/MoleculeReader.h"
#include "openmmorbit/ArgumentError.h"
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <algorithm>
#include <cctype>
#include <fstream>

using namespace OpenMM;
using namespace OrbitPlugin;
using std::string;
using std::to_string;
using std::vector;

namespace {

enum class FileFormat { StructureData, Smiles };

/** The text of one record before it is understood. */
struct RecordText {
    string block;                               ///< mol block or line of SMILES
    string title;                               ///< for messages
    std::map<string, string> properties;        ///< data items
    int line = 0;                               ///< where the record starts, from 1
};

bool endsWith(const string& text, const string& ending) {
    return text.size() >= ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

bool isBlank(const string& text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) != 0; });
}

string trim(const string& text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first == string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

/** The name of a data item: what stands between angle brackets in its header. */
string getItemName(const string& header) {
    const std::size_t first = header.find('<'), last = header.rfind('>');
    return first == string::npos || last == string::npos || last <= first ? trim(header.substr(1)) :
        header.substr(first + 1, last - first - 1);
}

} // namespace

struct MoleculeReader::Impl {
    string path;
    ReaderOptions options;
    FileFormat format = FileFormat::StructureData;
    std::ifstream file;
    boost::iostreams::filtering_istream stream;
    int numRecords = 0, numLines = 0;
    bool damaged = false;

    bool getLine(string& line);
    bool getText(RecordText& text);
    bool getStructure(RecordText& text);
    bool getSmiles(RecordText& text);
};

bool MoleculeReader::Impl::getLine(string& line) {
    if (!std::getline(stream, line)) {
        damaged = damaged || stream.bad();
        return false;
    }
    numLines++;
    if (!line.empty() && line.back() == '\r')
        line.pop_back();
    return true;
}

bool MoleculeReader::Impl::getSmiles(RecordText& text) {
    string line;
    while (getLine(line)) {
        line = trim(line);
        string start = line.substr(0, 6);
        std::transform(
                start.begin(), start.end(), start.begin(), [](unsigned char c) { return (char) std::tolower(c); });
        if (line.empty() || line[0] == '#' || (numRecords == 0 && start == "smiles"))
            continue;
        text.block = line;
        text.title = line.substr(0, line.find_first_of(" \t"));
        text.line = numLines;
        return true;
    }
    return false;
}

bool MoleculeReader::Impl::getStructure(RecordText& text) {
    string line, item;
    vector<string> lines;
    bool inBlock = true;
    text.line = numLines + 1;
    while (getLine(line) && line.rfind("$$$$", 0) != 0) {
        if (inBlock) {
            lines.push_back(line);
            inBlock = line.rfind("M  END", 0) != 0 && !(line.rfind(">", 0) == 0 && lines.size() > 4);
            if (!inBlock && line[0] == '>')
                lines.pop_back();
        }
        if (inBlock)
            continue;
        if (line.rfind(">", 0) == 0)
            item = getItemName(line);
        else if (isBlank(line))
            item.clear();
        else if (!item.empty()) {
            string& value = text.properties[item];
            value += (value.empty() ? "" : "\n") + line;
        }
    }
    for (const string& entry : lines)
        text.block += entry + "\n";
    if (isBlank(text.block))
        return line.rfind("$$$$", 0) == 0 && !stream.eof();
    text.title = trim(lines[0]);
    return true;
}

bool MoleculeReader::Impl::getText(RecordText& text) {
    return format == FileFormat::Smiles ? getSmiles(text) : getStructure(text);
}

MoleculeReader::MoleculeReader(const string& path, const ReaderOptions& options) : impl(std::make_unique<Impl>()) {
    impl->path = path;
    impl->options = options;
    string name = path;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return (char) std::tolower(c); });
    const bool compressed = endsWith(name, ".gz");
    if (compressed)
        name.erase(name.size() - 3);
    if (endsWith(name, ".smi") || endsWith(name, ".smiles") || endsWith(name, ".ism"))
        impl->format = FileFormat::Smiles;
    else if (!endsWith(name, ".sdf") && !endsWith(name, ".sd") && !endsWith(name, ".mol"))
        throw ArgumentError("MoleculeReader::MoleculeReader: expected a file that ends in .sdf, .mol or .smi, with or "
                            "without .gz, got \"" +
                path + "\"; rename or convert it");
    impl->file.open(path, std::ios::binary);
    if (!impl->file || impl->file.peek() == std::ifstream::traits_type::eof())
        throw ArgumentError("MoleculeReader::MoleculeReader: expected a readable file with records, got " +
            string(impl->file.is_open() ? "the empty or unreadable file \"" : "no file \"") + path + "\"");
    if (compressed)
        impl->stream.push(boost::iostreams::gzip_decompressor());
    impl->stream.push(impl->file);
}

MoleculeReader::~MoleculeReader() = default;
MoleculeReader::MoleculeReader(MoleculeReader&&) noexcept = default;
MoleculeReader& MoleculeReader::operator=(MoleculeReader&&) noexcept = default;

bool MoleculeReader::next(MoleculeRecord& record) {
    record = MoleculeRecord();
    RecordText text;
    const bool wasDamaged = impl->damaged;
    const bool found = impl->getText(text);
    record.index = impl->numRecords;
    record.properties = text.properties;
    const string where = "MoleculeReader::next: record " + to_string(impl->numRecords + 1) + " of \"" + impl->path +
            "\" (line " + to_string(text.line) + (text.title.empty() ? "" : ", \"" + text.title + "\"") + "): ";
    if (impl->damaged && !wasDamaged) {
        record.error = "MoleculeReader::next: expected a complete file, got a truncated or damaged one after record " +
            to_string(impl->numRecords) + " of \"" + impl->path + "\"";
        impl->numRecords++;
        return true;
    }
    if (!found)
        return false;
    impl->numRecords++;
    try {
        if (impl->format == FileFormat::Smiles)
            record.graph = readSmiles(text.block, impl->options);
        else {
            MoleculeRecord molecule = readMolBlockRecord(text.block, impl->options);
            record.graph = molecule.graph;
            record.positions = molecule.positions;
        }
    }
    catch (const OpenMMException& error) {
        record.error = where + error.what();
    }
    return true;
}

vector<MoleculeRecord> MoleculeReader::readAll() {
    vector<MoleculeRecord> records;
    for (MoleculeRecord record; next(record);)
        records.push_back(record);
    return records;
}
