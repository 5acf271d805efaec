// SPDX-License-Identifier: MIT
// Headers and columns of files of SMILES.
#include "SmilesLines.h"
#include <algorithm>
#include <cctype>
#include <sstream>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;
using std::vector;

static string toLower(string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return (char) std::tolower(c); });
    return text;
}

static string trim(const string& text) {
    const std::size_t first = text.find_first_not_of(" \t");
    return first == string::npos ? "" : text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

static vector<string> splitTabs(const string& line) {
    vector<string> fields(1);
    for (char c : line) {
        if (c == '\t')
            fields.emplace_back();
        else
            fields.back().push_back(c);
    }
    for (string& field : fields)
        field = trim(field);
    return fields;
}

static vector<string> splitWords(const string& line) {
    std::istringstream stream(line);
    vector<string> words;
    for (string word; stream >> word;)
        words.push_back(word);
    return words;
}

static bool isNameOfNames(const string& column) {
    const string lower = toLower(column);
    return lower.find("name") != string::npos || lower.find("title") != string::npos || lower == "id" ||
            lower == "identifier" || lower == "compound" || lower == "molecule" ||
            (lower.size() > 2 && lower.compare(lower.size() - 2, 2, "id") == 0);
}

bool SmilesLineReader::takeHeader(const string& line) {
    const bool tabs = line.find('\t') != string::npos;
    const vector<string> words = tabs ? splitTabs(line) : splitWords(line);
    if (words.empty() || toLower(words[0]).find("smiles") == string::npos)
        return false;
    header = words;
    const auto found = std::find_if(header.begin() + 1, header.end(), isNameOfNames);
    nameColumn = found != header.end() ? (int) (found - header.begin()) : header.size() > 1 ? -1 : 1;
    return true;
}

SmilesLine SmilesLineReader::read(const string& line) const {
    const bool tabs = line.find('\t') != string::npos;
    vector<string> fields = tabs ? splitTabs(line) : splitWords(line);
    SmilesLine result;
    result.smiles = fields[0];
    if (!tabs && (header.size() < 3 || fields.size() != header.size())) {
        const std::size_t end = fields[0].size();
        std::size_t rest = std::min(line.find_first_not_of(' ', end), line.size());
        if (rest < line.size() && line[rest] == '|') {
            rest = std::min(line.find('|', rest + 1), line.size() - 1) + 1;
            result.smiles = line.substr(0, rest);
        }
        result.name = trim(line.substr(rest));
        return result;
    }
    if (fields.size() > 1 && !fields[1].empty() && fields[1][0] == '|' && fields.size() > header.size()) {
        result.smiles += " " + fields[1];
        fields.erase(fields.begin() + 1);
    }
    for (int k = 1; k < (int) fields.size(); k++) {
        if (k == nameColumn)
            result.name = fields[k];
        else if (!fields[k].empty())
            result.items.emplace_back(
                    k < (int) header.size() && !header[k].empty() ? header[k] : "COLUMN_" + std::to_string(k + 1),
                    fields[k]);
    }
    return result;
}
