// SPDX-License-Identifier: MIT
// Values and generators are pickled and copied by what they hold.

%pythoncode %{
def _restoreValue(kind, fields):
    value = kind()
    for name, field in fields.items():
        setattr(value, name, field)
    return value


def _restoreEnsemble(graph, positions, status, provenance, failures, message):
    ensemble = Ensemble(graph)
    for entry in zip(positions, status, provenance):
        ensemble.addConformer(*entry)
    for failure in failures:
        ensemble.addFailure(failure)
    ensemble.setMessage(message)
    return ensemble
%}

// ORBIT_PICKLED(class): all its members are public; they make the value again.
%define ORBIT_PICKLED(TYPE)
%extend TYPE {
    %pythoncode %{
    def __reduce__(self):
        names = (name for name, field in vars(type(self)).items() if isinstance(field, property) and name != "thisown")
        return _restoreValue, (type(self), {name: getattr(self, name) for name in names})
    %}
}
%enddef

ORBIT_PICKLED(OrbitPlugin::GraphAtom)
ORBIT_PICKLED(OrbitPlugin::GraphBond)
ORBIT_PICKLED(OrbitPlugin::TetrahedralStereo)
ORBIT_PICKLED(OrbitPlugin::TorsionStereo)
ORBIT_PICKLED(OrbitPlugin::MolecularGraph)
ORBIT_PICKLED(OrbitPlugin::SamplerSettings)
ORBIT_PICKLED(OrbitPlugin::ConformerStatus)
ORBIT_PICKLED(OrbitPlugin::ConformerProvenance)
ORBIT_PICKLED(OrbitPlugin::FailedConformer)

%extend OrbitPlugin::Ensemble {
    %pythoncode %{
    def __reduce__(self):
        count = range(self.getNumConformers())
        positions = self.getPositionArray().reshape(len(count), self.getNumAtoms(), 3)
        return _restoreEnsemble, (
            self.getGraph(), positions, [self.getStatus(i) for i in count], [self.getProvenance(i) for i in count],
            [self.getFailure(i) for i in range(self.getNumFailures())], self.getMessage())
    %}
}

// ORBIT_PICKLED_AS_XML(class): a generator, which its XML makes again.
%define ORBIT_PICKLED_AS_XML(TYPE)
%extend TYPE {
    %pythoncode %{
    def __reduce__(self):
        # A model that was not read from a file has no other place to come from.
        embed = self.getEmbedModel()
        self.setEmbedModel(embed or not self.getModel().getPath())
        try:
            return type(self).fromXml, (self.toXml(),)
        finally:
            self.setEmbedModel(embed)
    %}
}
%enddef

ORBIT_PICKLED_AS_XML(OrbitPlugin::ConformerGenerator)
ORBIT_PICKLED_AS_XML(OrbitPlugin::TopologyGenerator)
ORBIT_PICKLED_AS_XML(OrbitPlugin::BackboneGenerator)
