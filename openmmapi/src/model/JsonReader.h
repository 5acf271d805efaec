// SPDX-License-Identifier: MIT
// Reads the members of a JSON object of a model file; what is missing or of another kind is refused by name.
#ifndef OPENMM_ORBIT_JSONREADER_H_
#define OPENMM_ORBIT_JSONREADER_H_

#include "JsonText.h"
#include "openmmorbit/ArgumentError.h"
#include <cstdint>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Reads members of objects; every message begins with the same words. */
class JsonReader {
public:
    /**
     * @param object   must outlive the reader, as do the texts
     * @param where    the beginning of messages
     * @param part     of the model that is read, for messages
     */
    JsonReader(const nlohmann::json& object, const std::string& where, const char* part) :
            object(object), where(where), part(part) {
        if (!object.is_object())
            refuse("an object", object.is_discarded() ? "no JSON" : object.type_name());
    }
    [[noreturn]] void refuse(const std::string& expected, const std::string& got) const {
        throw ArgumentError(where + "expected " + expected + " in the " + part + " of the model, got " + got);
    }
    const nlohmann::json& find(const std::string& name) const {
        if (!object.contains(name))
            refuse("\"" + name + "\"", "none");
        return object[name];
    }
    const nlohmann::json& findList(const std::string& name) const {
        if (!find(name).is_array())
            refuse("a list as \"" + name + "\"", find(name).type_name());
        return find(name);
    }
    long long toInt(const nlohmann::json& value, long long lowest, long long highest, const std::string& what) const {
        if (!value.is_number_integer() || value.get<std::int64_t>() < lowest || value.get<std::int64_t>() > highest)
            refuse("an integer from " + std::to_string(lowest) + " to " + std::to_string(highest) + " in \"" + what +
                "\"", value.dump());
        return value.get<long long>();
    }
    double toNumber(const nlohmann::json& value, const std::string& what) const {
        if (!value.is_number())
            refuse("numbers in \"" + what + "\"", value.type_name());
        return value.get<double>();
    }
    const nlohmann::json& toRow(const nlohmann::json& value, std::size_t size, const std::string& what) const {
        if (!value.is_array() || value.size() != size)
            refuse("rows of " + std::to_string(size) + " values in \"" + what + "\"", value.dump());
        return value;
    }
    std::vector<int> readInts(const std::string& name, int lowest, int highest) const {
        std::vector<int> values;
        for (const nlohmann::json& value : findList(name))
            values.push_back((int) toInt(value, lowest, highest, name));
        return values;
    }
    std::vector<std::string> readTexts(const std::string& name) const {
        std::vector<std::string> values;
        for (const nlohmann::json& value : findList(name)) {
            if (!value.is_string())
                refuse("texts in \"" + name + "\"", value.type_name());
            values.push_back(value.get<std::string>());
        }
        return values;
    }
private:
    const nlohmann::json& object;
    const std::string& where;
    const char* part;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_JSONREADER_H_
