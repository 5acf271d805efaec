// SPDX-License-Identifier: MIT
// The JSON form of TrainingCounts, and the counts of whole shards.
#include "JsonText.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/TrainingCounts.h"

namespace OrbitPlugin {

using nlohmann::json;
using std::map;
using std::string;

namespace {

json toObject(const map<int, long long>& counts) {
    json object = json::object();
    for (const auto& [size, number] : counts)
        object[std::to_string(size)] = number;
    return object;
}

/** Reads the members of one object; every message begins with the same words. */
struct CountsReader {
    const json& object;
    const string& where;

    [[noreturn]] void refuse(const string& expected, const string& got) const {
        throw ArgumentError(where + "expected " + expected + " in the training counts, got " + got);
    }
    long long readNumber(const json& value, const string& what) const {
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() > (1ull << 53))
            refuse("a number of molecules as " + what, value.dump());
        return value.get<long long>();
    }
    const json& find(const string& name) const {
        if (!object.contains(name))
            refuse("\"" + name + "\"", "none");
        return object[name];
    }
    map<string, long long> readCounts(const string& name) const {
        map<string, long long> counts;
        if (!find(name).is_object())
            refuse("an object as \"" + name + "\"", find(name).type_name());
        for (const auto& item : find(name).items())
            counts[item.key()] = readNumber(item.value(), "\"" + item.key() + "\"");
        return counts;
    }
    map<int, long long> readSizes(const string& name) const {
        map<int, long long> counts;
        for (const auto& [size, number] : readCounts(name)) {
            if (size.empty() || size.size() > 6 || size.find_first_not_of("0123456789") != string::npos)
                refuse("sizes as names in \"" + name + "\"", "\"" + size + "\"");
            counts[std::stoi(size)] = number;
        }
        return counts;
    }
};

} // namespace

string TrainingCounts::toJson() const {
    return json({{"molecules", numMolecules}, {"atoms", atoms}, {"bonds", bonds}, {"rings", toObject(rings)},
        {"heavyAtoms", toObject(heavyAtoms)}, {"allAtoms", toObject(allAtoms)}, {"small", smallMolecules}}).dump();
}

TrainingCounts TrainingCounts::fromJson(const string& text, const string& where) {
    const json object = parseJson(text);
    const CountsReader reader{object, where};
    if (!object.is_object())
        reader.refuse("a JSON object", "other text");
    TrainingCounts counts;
    counts.numMolecules = reader.readNumber(reader.find("molecules"), "\"molecules\"");
    counts.atoms = reader.readCounts("atoms");
    counts.bonds = reader.readCounts("bonds");
    counts.rings = reader.readSizes("rings");
    counts.heavyAtoms = reader.readSizes("heavyAtoms");
    counts.allAtoms = reader.readSizes("allAtoms");
    if (!reader.find("small").is_array())
        reader.refuse("a list as \"small\"", reader.find("small").type_name());
    for (const json& hash : reader.find("small")) {
        if (!hash.is_string())
            reader.refuse("texts in \"small\"", hash.dump());
        counts.smallMolecules.insert(hash.get<string>());
    }
    return counts;
}

} // namespace OrbitPlugin
