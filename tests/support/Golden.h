// SPDX-License-Identifier: MIT
// Reads golden data: JSON whose numbers may be written as hexadecimal floats in strings.
#ifndef OPENMM_ORBIT_TESTS_GOLDEN_H_
#define OPENMM_ORBIT_TESTS_GOLDEN_H_

#include "Options.h"
#include <nlohmann/json.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace testSupport {

/** Read a whole file among the golden data, bytes as they are. */
inline std::string readGoldenText(const std::string& name) {
    std::ifstream file(goldenPath(name), std::ios::binary);
    if (!file)
        throw std::runtime_error("readGoldenText: expected the file \""+goldenPath(name)+"\", got none");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/** Read a JSON file among the golden data. */
inline nlohmann::json readGolden(const std::string& name) {
    return nlohmann::json::parse(readGoldenText(name));
}

/** Get a number that is stored as such or as a string such as "0x1.8p+1". */
inline double goldenNumber(const nlohmann::json& value) {
    return value.is_string() ? std::strtod(value.get<std::string>().c_str(), nullptr) : value.get<double>();
}

/** Get the numbers of an array of any depth, flattened. */
inline std::vector<double> goldenNumbers(const nlohmann::json& value) {
    std::vector<double> result;
    if (!value.is_array()) {
        result.push_back(goldenNumber(value));
        return result;
    }
    for (const nlohmann::json& element : value)
        for (double number : goldenNumbers(element))
            result.push_back(number);
    return result;
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_GOLDEN_H_
