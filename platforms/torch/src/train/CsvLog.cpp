// SPDX-License-Identifier: MIT
// Appending to a CSV file so that it never holds a part of a row.
#include "CsvLog.h"
#include "openmm/OpenMMException.h"
#include "openmmorbit/internal/WriteFault.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Get the header and the complete rows up to a step; nothing if the header is another one. */
std::vector<std::string> readRows(const std::string& path, const std::string& columns, long long lastStep) {
    std::ifstream file(path);
    std::vector<std::string> rows;
    std::string line;
    while (std::getline(file, line) && !file.eof()) {
        if (rows.empty() && line != columns)
            return {};
        if (rows.empty() || std::strtoll(line.c_str(), nullptr, 10) <= lastStep)
            rows.push_back(line);
    }
    return rows;
}

} // namespace

CsvLog::CsvLog(const std::string& path, const std::string& columns, long long lastStep) : path(path) {
    std::vector<std::string> rows;
    if (lastStep > 0 && std::filesystem::exists(path)) {
        rows = readRows(path, columns, lastStep);
        if (rows.empty())
            std::filesystem::rename(path, path + ".old");
    }
    if (rows.empty())
        rows.push_back(columns);
    const std::string temporary = path + ".new";
    {
        std::string text;
        for (const std::string& row : rows)
            text += row + "\n";
        errno = 0;
        std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
        file << text;
        file.close();
        if (!file) {
            const std::string words = describeWriteFault(temporary, text.size(), errno);
            std::error_code ignored;
            std::filesystem::remove(temporary, ignored);
            throw OpenMM::OpenMMException("train: " + words);
        }
    }
    std::filesystem::rename(temporary, path);
    size = (long long) std::filesystem::file_size(path);
}

bool CsvLog::add(const std::string& row) {
    waiting.push_back(row);
    std::string text;
    for (const std::string& line : waiting)
        text += line + "\n";
    std::ofstream file(path, std::ios::binary | std::ios::app);
    file << text;
    file.close();
    if (!file) {
        // What was written of the rows goes, so that the file ends with a complete row.

        std::error_code ignored;
        std::filesystem::resize_file(path, size, ignored);
        return false;
    }
    size += (long long) text.size();
    waiting.clear();
    return true;
}

} // namespace torchimpl
} // namespace OrbitPlugin
