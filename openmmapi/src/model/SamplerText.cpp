// SPDX-License-Identifier: MIT
// The JSON form of SamplerSettings: one table of members and words, read in both directions.
#include "openmmorbit/SamplerText.h"
#include "JsonText.h"
#include "openmmorbit/ArgumentError.h"
#include <set>
#include <type_traits>
#include <vector>

namespace OrbitPlugin {

using nlohmann::json;
using std::string;

namespace {

const std::vector<string> METHODS = {"euler", "heun", "multistep", "bespoke"};
const std::vector<string> SCHEDULES = {"karras", "logarithmic", "uniformTime", "logarithmicTime"};
const std::vector<string> RULES = {"share", "rate"};
const std::vector<string> NO_WORDS;

/** Apply a function to every member: name, reference, and the words of an enum. */
template <class Settings, class Function>
void forEachMember(Settings& settings, const Function& function) {
    function("method", settings.method, METHODS);
    function("schedule", settings.schedule, SCHEDULES);
    function("numSteps", settings.numSteps, NO_WORDS);
    function("sigmaMax", settings.sigmaMax, NO_WORDS);
    function("sigmaMin", settings.sigmaMin, NO_WORDS);
    function("rho", settings.rho, NO_WORDS);
    function("renewal", settings.renewal, NO_WORDS);
    function("renewalRule", settings.renewalRule, RULES);
    function("noiseScale", settings.noiseScale, NO_WORDS);
    function("stereoGuidance", settings.stereoGuidance, NO_WORDS);
    function("guidanceScale", settings.guidanceScale, NO_WORDS);
}

template <class Value>
Value readMember(const json& element, const string& name, const std::vector<string>& words, const string& where) {
    if constexpr (std::is_enum_v<Value>) {
        for (std::size_t k = 0; k < words.size(); k++)
            if (element == words[k])
                return (Value) k;
        string list;
        for (const string& word : words)
            list += (list.empty() ? "\"" : ", \"") + word + "\"";
        throw ArgumentError(where + "expected one of " + list + " as " + name + " of the sampler, got " +
            element.dump());
    }
    else {
        const bool right = std::is_integral_v<Value> ? element.is_number_integer() : element.is_number();
        if (!right || (std::is_integral_v<Value> && (element > 1000000 || element < -1000000)))
            throw ArgumentError(where + "expected a number as " + name + " of the sampler, got " + element.dump());
        return element.get<Value>();
    }
}

} // namespace

string formatSampler(const SamplerSettings& settings) {
    json object = json::object();
    forEachMember(settings, [&](const string& name, const auto& value, const std::vector<string>& words) {
        if constexpr (std::is_enum_v<std::decay_t<decltype(value)>>)
            object[name] = words.at((std::size_t) value);
        else
            object[name] = value;
    });
    return object.dump();
}

std::vector<string> getSamplerWords(const string& name) {
    SamplerSettings settings;
    const std::vector<string>* found = nullptr;
    forEachMember(settings, [&](const string& member, const auto&, const std::vector<string>& words) {
        if (member == name)
            found = &words;
    });
    if (found == nullptr)
        throw ArgumentError("getSamplerWords: expected a member of the sampler, got \"" + name + "\"");
    return *found;
}

SamplerSettings parseSampler(const string& text, const string& where) {
    const json object = parseJson(text);
    if (!object.is_object())
        throw ArgumentError(where + "expected a JSON object as sampler, got other text");
    SamplerSettings settings;
    std::set<string> known;
    forEachMember(settings, [&](const string& name, auto& value, const std::vector<string>& words) {
        known.insert(name);
        if (object.contains(name))
            value = readMember<std::decay_t<decltype(value)>>(object[name], name, words, where);
    });
    for (const auto& item : object.items())
        if (known.count(item.key()) == 0)
            throw ArgumentError(where + "expected only known members of the sampler, got \"" + item.key() +
                "\"; a newer version may read it");
    try {
        settings.validate();
    }
    catch (const ArgumentError& error) {
        throw ArgumentError(where + "expected a possible sampler, got: " + error.what());
    }
    return settings;
}

} // namespace OrbitPlugin
