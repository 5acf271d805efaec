// SPDX-License-Identifier: MIT
// Registers the serialization proxies when the library is loaded.
#include "openmm/serialization/SerializationProxy.h"
#include "openmmorbit/BackboneGenerator.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include "openmmorbit/TopologyGenerator.h"
#include "openmmorbit/serialization/BackboneGeneratorProxy.h"
#include "openmmorbit/serialization/ConformerGeneratorProxy.h"
#include "openmmorbit/serialization/MolecularGraphProxy.h"
#include "openmmorbit/serialization/OrbitDiffusionIntegratorProxy.h"
#include "openmmorbit/serialization/SamplerSettingsProxy.h"
#include "openmmorbit/serialization/TopologyGeneratorProxy.h"
#include <memory>

using namespace OpenMM;
using namespace OrbitPlugin;

#ifdef _MSC_VER
    #include <windows.h>
    extern "C" OPENMM_EXPORT_ORBIT void registerOrbitSerializationProxies();
    BOOL WINAPI DllMain(HANDLE, DWORD reason, LPVOID) {
        if (reason == DLL_PROCESS_ATTACH)
            registerOrbitSerializationProxies();
        return TRUE;
    }
#else
    extern "C" OPENMM_EXPORT_ORBIT __attribute__((constructor)) void registerOrbitSerializationProxies();
#endif

extern "C" OPENMM_EXPORT_ORBIT void registerOrbitSerializationProxies() {
    // OpenMM owns the proxies.

    SerializationProxy::registerProxy(typeid(MolecularGraph), std::make_unique<MolecularGraphProxy>().release());
    SerializationProxy::registerProxy(typeid(SamplerSettings), std::make_unique<SamplerSettingsProxy>().release());
    SerializationProxy::registerProxy(typeid(OrbitDiffusionIntegrator),
            std::make_unique<OrbitDiffusionIntegratorProxy>().release());
    SerializationProxy::registerProxy(
            typeid(ConformerGenerator), std::make_unique<ConformerGeneratorProxy>().release());
    SerializationProxy::registerProxy(typeid(TopologyGenerator), std::make_unique<TopologyGeneratorProxy>().release());
    SerializationProxy::registerProxy(typeid(BackboneGenerator), std::make_unique<BackboneGeneratorProxy>().release());
}
