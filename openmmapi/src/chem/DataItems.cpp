// SPDX-License-Identifier: MIT
// Data items of SD records: what is a header, what belongs to a value, and how both are written.
#include "DataItems.h"
#include <algorithm>
#include <cctype>
#include <sstream>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;

static bool isBlank(const string& text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) != 0; });
}

/** Behind an empty line every ">" begins an item; inside a value, e.g. ">10", only a name in brackets does. */
static bool isHeader(const string& line, bool afterBlank) {
    if (line.empty() || line[0] != '>')
        return false;
    const std::size_t open = line.find('<');
    return afterBlank || (open != string::npos && line.find('>', open) != string::npos);
}

/** The name of a data item: what stands between angle brackets in its header. */
static string getName(const string& header) {
    const std::size_t first = header.find('<'), last = header.rfind('>');
    if (first != string::npos && last != string::npos && last > first)
        return header.substr(first + 1, last - first - 1);
    const std::size_t begin = header.find_first_not_of(" \t", 1);
    return begin == string::npos ? "" : header.substr(begin, header.find_last_not_of(" \t") + 1 - begin);
}

void DataItemCollector::add(const string& line) {
    if (isHeader(line, numBlank > 0)) {
        const string name = getName(line);
        current = (std::size_t)(std::find_if(items.begin(), items.end(), [&](const auto& item) {
            return item.first == name;
        }) - items.begin());
        if (current == items.size())
            items.emplace_back(name, "");
        empty = items[current].second.empty();
        numBlank = 0;
    }
    else if (isBlank(line))
        numBlank++;
    else if (!items.empty()) {
        string& value = items[current].second;
        value += (empty ? "" : string((std::size_t) numBlank + 1, '\n')) + line;
        empty = false;
        numBlank = 0;
    }
}

static string withoutControls(string text) {
    std::replace_if(
            text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    return text;
}

string chem::writeDataItem(const string& name, const string& value) {
    string title = withoutControls(name), text;
    std::replace(title.begin(), title.end(), '<', '(');
    std::replace(title.begin(), title.end(), '>', ')');
    std::istringstream lines(value);
    bool afterBlank = false;
    for (string line; std::getline(lines, line);) {
        line.erase(std::remove(line.begin(), line.end(), '\r'), line.end());
        const bool endsRecord = line.rfind("$$$$", 0) == 0;
        text += (line.empty() || endsRecord || isHeader(line, afterBlank) ? " " : "") + line + "\n";
        afterBlank = isBlank(line);
    }
    return "> <" + (isBlank(title) ? "unnamed" : title) + ">\n" + text + "\n";
}

string chem::toTitle(const string& text) {
    const string title = withoutControls(text);
    return (title.rfind("$$$$", 0) == 0 ? " " : "") + title;
}
