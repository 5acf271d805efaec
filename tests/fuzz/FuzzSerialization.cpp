// SPDX-License-Identifier: MIT
// Molecules, samplers, generators and integrators from the nodes that XML becomes; OpenMM's parser is not ours. See
// README.md beside it.
#include "Fuzz.h"
#include "openmm/Integrator.h"
#include "openmm/serialization/SerializationNode.h"
#include "openmm/serialization/SerializationProxy.h"
#include "openmmorbit/ConformerGenerator.h"
#include <memory>
#include <sstream>
#include <vector>

using namespace OpenMM;
using namespace OrbitPlugin;

/** Read lines: ">name" opens a node, "<" closes it, "key=value" is a property of the open one. */
static void parse(const std::string& text, SerializationNode& root) {
    std::vector<SerializationNode*> open = {&root};
    std::istringstream lines(text);
    std::string line;
    while (std::getline(lines, line)) {
        const std::size_t equal = line.find('=');
        if (!line.empty() && line[0] == '>' && open.size() < 50)
            open.push_back(&open.back()->createChildNode(line.substr(1)));
        else if (line == "<" && open.size() > 1)
            open.pop_back();
        else if (equal != std::string::npos)
            open.back()->setStringProperty(line.substr(0, equal), line.substr(equal + 1));
    }
}

template <class T>
static void read(const SerializationNode& node) {
    expectOnly<OpenMMException>([&] {
        std::unique_ptr<T> object(node.decodeObject<T>());
    });
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    SerializationNode node;
    parse(std::string((const char*) data, size), node);
    const std::string type = node.hasProperty("type") ? node.getStringProperty("type") : "";
    if (type == "OrbitMolecularGraph")
        read<MolecularGraph>(node);
    else if (type == "OrbitConformerGenerator")
        read<ConformerGenerator>(node);
    else if (type == "OrbitDiffusionIntegrator")
        read<Integrator>(node);
    else if (type == "OrbitSamplerSettings")
        read<SamplerSettings>(node);
    return 0;
}
