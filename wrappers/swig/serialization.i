// SPDX-License-Identifier: MIT
// XML forms of the objects that OpenMM's own XmlSerializer has no Python face for, and casts back to our classes.

%{
#include "openmm/serialization/XmlSerializer.h"
#include <memory>
#include <sstream>

namespace {

/** Get what Python's parser says against a text; empty if it is well-formed XML. */
std::string findXmlFault(const std::string& xml) {
    PyObject* expat = PyImport_ImportModule("xml.parsers.expat");
    PyObject* parser = expat == nullptr ? nullptr : PyObject_CallMethod(expat, "ParserCreate", nullptr);
    PyObject* bytes = PyBytes_FromStringAndSize(xml.data(), (Py_ssize_t) xml.size());
    PyObject* done = parser == nullptr ? nullptr : PyObject_CallMethod(parser, "Parse", "OO", bytes, Py_True);
    std::string fault;
    if (done == nullptr) {
        PyObject *type, *value, *trace;
        PyErr_Fetch(&type, &value, &trace);
        PyObject* text = value == nullptr ? nullptr : PyObject_Str(value);
        const char* words = text == nullptr ? nullptr : PyUnicode_AsUTF8AndSize(text, nullptr);
        fault = words == nullptr ? "no XML" : words;
        for (PyObject* object : {type, value, trace, text})
            Py_XDECREF(object);
        PyErr_Clear();
    }
    for (PyObject* object : {expat, parser, bytes, done})
        Py_XDECREF(object);
    return fault;
}

/** Get the property "type" of the first element of a well-formed text; empty if it has none. */
std::string findXmlType(const std::string& xml) {
    std::size_t begin = xml.find('<');
    while (begin + 1 < xml.size() && (xml[begin + 1] == '?' || xml[begin + 1] == '!'))
        begin = xml.find('<', begin + 1);
    const std::size_t end = xml.find('>', begin);
    const std::string element = begin < xml.size() ? xml.substr(begin, end - begin) : "", name = " type=\"";
    const std::size_t place = element.find(name);
    if (place == std::string::npos)
        return "";
    const std::size_t first = place + name.size();
    return element.substr(first, element.find('"', first) - first);
}

/**
 * Refuse what is no XML, or XML of another class: OpenMM's parser complains about a property of nothing, or reads
 * beyond the text's end, and its deserialize() takes any object for the one that is asked for.
 */
void checkXml(const std::string& name, const std::string& type, const std::string& xml) {
    const std::string method = name + "::fromXml";
    if (xml.find("type=") == std::string::npos)
        throw OrbitPlugin::ArgumentError(method + ": expected what toXml() returned, got \"" + xml.substr(0, 40) +
                                         "\"; give the XML text itself, not a path");
    const std::string fault = findXmlFault(xml);
    if (!fault.empty())
        throw OrbitPlugin::ArgumentError(method + ": expected what toXml() returned, got XML with a fault: " + fault);
    const std::string found = findXmlType(xml);
    if (found != type)
        throw OrbitPlugin::ArgumentError(method + ": expected XML of the type " + type + ", got \"" + found + "\"" +
                (type == "OrbitDiffusionIntegrator" ? "; openmm.XmlSerializer.deserialize() reads other integrators" :
                        "; use fromXml() of the class that wrote it"));
}

} // namespace
%}

// ORBIT_XML(class): a generator as XML, and back.
%define ORBIT_XML(NAME)
%newobject OrbitPlugin::NAME::fromXml;
%feature("docstring", "Get the settings as XML: the model by path and checksum, or itself if setEmbedModel() asks for "
    "it.") OrbitPlugin::NAME::toXml;
%feature("docstring", "Create a generator from what toXml() returned. OpenMMException if the model's file is missing "
    "or changed.") OrbitPlugin::NAME::fromXml;
%extend OrbitPlugin::NAME {
    std::string toXml() const {
        std::stringstream stream;
        OpenMM::XmlSerializer::serialize<OrbitPlugin::NAME>($self, #NAME, stream);
        return stream.str();
    }
    static OrbitPlugin::NAME* fromXml(const std::string& xml) {
        checkXml(#NAME, std::string("Orbit") + #NAME, xml);
        std::stringstream stream(xml);
        return OpenMM::XmlSerializer::deserialize<OrbitPlugin::NAME>(stream);
    }
}
%enddef

ORBIT_XML(ConformerGenerator)
ORBIT_XML(TopologyGenerator)
ORBIT_XML(BackboneGenerator)

%extend OrbitPlugin::MolecularGraph {
    /** Get the molecule as XML. */
    std::string toXml() const {
        std::stringstream stream;
        OpenMM::XmlSerializer::serialize<OrbitPlugin::MolecularGraph>($self, "MolecularGraph", stream);
        return stream.str();
    }
    /** Create a molecule from what toXml() returned. */
    static OrbitPlugin::MolecularGraph fromXml(const std::string& xml) {
        checkXml("MolecularGraph", "OrbitMolecularGraph", xml);
        std::stringstream stream(xml);
        std::unique_ptr<OrbitPlugin::MolecularGraph> graph(
                OpenMM::XmlSerializer::deserialize<OrbitPlugin::MolecularGraph>(stream));
        return *graph;
    }
}

%newobject OrbitPlugin::OrbitDiffusionIntegrator::fromXml;
%newobject OrbitPlugin::OrbitDiffusionIntegrator::duplicate;
%extend OrbitPlugin::OrbitDiffusionIntegrator {
    /**
     * Get the integrator behind OpenMM's general face, e.g. what XmlSerializer.deserialize() or
     * CompoundIntegrator.getIntegrator() returns.
     *
     * @param integrator   any integrator; both faces share its ownership
     * @return the same object, or None if it is another kind of integrator
     */
    static OrbitPlugin::OrbitDiffusionIntegrator* cast(OpenMM::Integrator* integrator) {
        return dynamic_cast<OrbitPlugin::OrbitDiffusionIntegrator*>(integrator);
    }
    /** Get settings and molecules as XML: the model by path and checksum, or itself if setEmbedModel() asks for it. */
    std::string toXml() const {
        std::stringstream stream;
        OpenMM::XmlSerializer::serialize<OpenMM::Integrator>($self, "Integrator", stream);
        return stream.str();
    }
    /**
     * Create an integrator from what toXml() returned. @throws OpenMMException if the model's file is gone or changed
     */
    static OrbitPlugin::OrbitDiffusionIntegrator* fromXml(const std::string& xml) {
        checkXml("OrbitDiffusionIntegrator", "OrbitDiffusionIntegrator", xml);
        std::stringstream stream(xml);
        std::unique_ptr<OpenMM::Integrator> integrator(
                OpenMM::XmlSerializer::deserialize<OpenMM::Integrator>(stream));
        auto* found = dynamic_cast<OrbitPlugin::OrbitDiffusionIntegrator*>(integrator.get());
        integrator.release();
        return found;
    }
    /** Create an integrator with the same model, settings and molecules, and no Context. */
    OrbitPlugin::OrbitDiffusionIntegrator* duplicate() const {
        auto copy = std::make_unique<OrbitPlugin::OrbitDiffusionIntegrator>($self->getModel());
        copy->setStepSize($self->getStepSize());
        copy->setConstraintTolerance($self->getConstraintTolerance());
        copy->setIntegrationForceGroups($self->getIntegrationForceGroups());
        copy->setRandomNumberSeed($self->getRandomNumberSeed());
        copy->setEmbedModel($self->getEmbedModel());
        copy->setSamplerSettings($self->getSamplerSettings());
        for (int i = 0; i < $self->getNumMolecules(); i++)
            if ($self->getModel().getTopology().getNumAtoms() > 0)
                copy->addTopology($self->getMoleculeParticles(i), $self->getMoleculeCondition(i));
            else
                copy->addMolecule($self->getMoleculeGraph(i), $self->getMoleculeParticles(i),
                                  $self->getMoleculeCondition(i));
        return copy.release();
    }
    %pythoncode %{
    def __copy__(self):
        from copy import deepcopy

        result = self.duplicate()
        result.__class__ = self.__class__
        result.__dict__.update({key: deepcopy(value) for key, value in self.__dict__.items() if key != "this"})
        return result

    def __deepcopy__(self, memo):
        return self.__copy__()

    def __getstate__(self):
        # A model that was not read from a file has no other place to come from.
        embed = self.getEmbedModel()
        self.setEmbedModel(embed or not self.getModel().getPath())
        try:
            return self.toXml()
        finally:
            self.setEmbedModel(embed)

    def __setstate__(self, xml):
        self.this = OrbitDiffusionIntegrator.fromXml(xml).this
    %}
}
