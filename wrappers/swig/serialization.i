// SPDX-License-Identifier: MIT
// XML forms of the objects that OpenMM's own XmlSerializer has no Python face for, and casts back to our classes.

%{
#include "openmm/serialization/XmlSerializer.h"
#include <sstream>
%}

%newobject OrbitPlugin::ConformerGenerator::fromXml;
%extend OrbitPlugin::ConformerGenerator {
    /** Get the settings as XML: the model by path and checksum, or itself if setEmbedModel() asks for it. */
    std::string toXml() const {
        std::stringstream stream;
        OpenMM::XmlSerializer::serialize<OrbitPlugin::ConformerGenerator>($self, "ConformerGenerator", stream);
        return stream.str();
    }
    /** Create a generator from what toXml() returned. @throws OpenMMException if the model's file is missing or changed */
    static OrbitPlugin::ConformerGenerator* fromXml(const std::string& xml) {
        std::stringstream stream(xml);
        return OpenMM::XmlSerializer::deserialize<OrbitPlugin::ConformerGenerator>(stream);
    }
}

%extend OrbitPlugin::MolecularGraph {
    /** Get the molecule as XML. */
    std::string toXml() const {
        std::stringstream stream;
        OpenMM::XmlSerializer::serialize<OrbitPlugin::MolecularGraph>($self, "MolecularGraph", stream);
        return stream.str();
    }
    /** Create a molecule from what toXml() returned. */
    static OrbitPlugin::MolecularGraph fromXml(const std::string& xml) {
        std::stringstream stream(xml);
        std::unique_ptr<OrbitPlugin::MolecularGraph> graph(
                OpenMM::XmlSerializer::deserialize<OrbitPlugin::MolecularGraph>(stream));
        return *graph;
    }
}

%extend OrbitPlugin::OrbitDiffusionIntegrator {
    /**
     * Get the integrator behind OpenMM's general face, e.g. what CompoundIntegrator.getIntegrator() returns.
     *
     * @param integrator   any integrator; it stays the owner
     * @return the same object, or None if it is another kind of integrator
     */
    static OrbitPlugin::OrbitDiffusionIntegrator* cast(OpenMM::Integrator* integrator) {
        return dynamic_cast<OrbitPlugin::OrbitDiffusionIntegrator*>(integrator);
    }
}
