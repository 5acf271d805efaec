// SPDX-License-Identifier: MIT
// The JSON form of BackboneStatistics.
#include "JsonReader.h"
#include "openmmorbit/BackboneStatistics.h"
#include <limits>

namespace OrbitPlugin {

using nlohmann::json;
using std::string;

string BackboneStatistics::toJson() const {
    json object = {{"numBackbones", numBackbones}, {"shortest", shortest}, {"longest", longest},
        {"maxChains", maxChains}, {"shortestChain", shortestChain}, {"hasBreaks", (int) hasBreaks},
        {"closest", closest}, {"maxLeftTurns", maxLeftTurns}, {"ranges", json::array()}};
    for (const DistanceRange& range : ranges)
        object["ranges"].push_back({range.name, range.mean, range.deviation, range.lowest, range.highest});
    return object.dump();
}

BackboneStatistics BackboneStatistics::fromJson(const string& text, const string& where) {
    const json object = parseJson(text);
    const JsonReader reader(object, where, "backbones");
    const int most = std::numeric_limits<int>::max();
    BackboneStatistics result;
    result.numBackbones = reader.toInt(reader.find("numBackbones"), 1, std::numeric_limits<long long>::max(),
        "numBackbones");
    result.shortest = (int) reader.toInt(reader.find("shortest"), 1, most, "shortest");
    result.longest = (int) reader.toInt(reader.find("longest"), result.shortest, most, "longest");
    result.maxChains = (int) reader.toInt(reader.find("maxChains"), 1, most, "maxChains");
    if (object.contains("shortestChain"))       // Older files do not tell.
        result.shortestChain = (int) reader.toInt(object["shortestChain"], 1, result.shortest, "shortestChain");
    result.hasBreaks = reader.toInt(reader.find("hasBreaks"), 0, 1, "hasBreaks") == 1;
    result.maxLeftTurns = (int) reader.toInt(reader.find("maxLeftTurns"), 0, most, "maxLeftTurns");
    result.closest = reader.toNumber(reader.find("closest"), "closest");
    for (const json& value : reader.findList("ranges")) {
        const json& row = reader.toRow(value, 5, "ranges");
        if (!row[0].is_string())
            reader.refuse("a name in each row of \"ranges\"", row[0].type_name());
        result.ranges.push_back({row[0].get<string>(), reader.toNumber(row[1], "ranges"),
            reader.toNumber(row[2], "ranges"), reader.toNumber(row[3], "ranges"), reader.toNumber(row[4], "ranges")});
    }
    return result;
}

} // namespace OrbitPlugin
