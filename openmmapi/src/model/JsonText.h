// SPDX-License-Identifier: MIT
// Reads JSON of files that may be damaged or made to harm.
#ifndef OPENMM_ORBIT_JSONTEXT_H_
#define OPENMM_ORBIT_JSONTEXT_H_

#include <nlohmann/json.hpp>
#include <string>

namespace OrbitPlugin {

/** Lists and objects in lists and objects: far more than a file of ours has. */
constexpr int MAX_JSON_DEPTH = 64;

/** Whether lists and objects are nested too deep: copying or writing such a value needs much stack. */
inline bool isNestedTooDeep(const char* begin, const char* end) {
    int depth = 0;
    bool isText = false;
    for (const char* next = begin; next < end; next++)
        if (isText && *next == '\\')
            next++;
        else if (*next == '"')
            isText = !isText;
        else if (!isText && (*next == '[' || *next == '{') && ++depth > MAX_JSON_DEPTH)
            return true;
        else if (!isText && (*next == ']' || *next == '}'))
            depth--;
    return false;
}

/** Parse a text. What is no JSON, or nested too deep, gives a discarded value. */
inline nlohmann::json parseJson(const char* begin, const char* end) {
    if (isNestedTooDeep(begin, end))
        return nlohmann::json(nlohmann::json::value_t::discarded);
    return nlohmann::json::parse(begin, end, nullptr, false);
}

/** Parse a text. What is no JSON, or nested too deep, gives a discarded value. */
inline nlohmann::json parseJson(const std::string& text) {
    return parseJson(text.data(), text.data() + text.size());
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_JSONTEXT_H_
