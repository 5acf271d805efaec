// SPDX-License-Identifier: MIT
// XML of molecules, samplers, generators and integrators. See README.md beside it.
#include "Fuzz.h"
#include "openmm/serialization/XmlSerializer.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include <memory>
#include <sstream>

using namespace OpenMM;
using namespace OrbitPlugin;

template <class T>
static void read(const std::string& text) {
    expectOnly<OpenMMException>([&] {
        std::stringstream stream(text);
        std::unique_ptr<T> object(XmlSerializer::deserialize<T>(stream));
    });
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // What it is stands in the text itself, so that every object is read as what it is.

    const std::string text((const char*) data, size);
    if (text.find("OrbitMolecularGraph") != std::string::npos)
        read<MolecularGraph>(text);
    else if (text.find("OrbitConformerGenerator") != std::string::npos)
        read<ConformerGenerator>(text);
    else if (text.find("OrbitDiffusionIntegrator") != std::string::npos)
        read<Integrator>(text);
    else if (text.find("OrbitSamplerSettings") != std::string::npos)
        read<SamplerSettings>(text);
    return 0;
}
