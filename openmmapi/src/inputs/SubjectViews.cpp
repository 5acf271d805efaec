// SPDX-License-Identifier: MIT
// The views of a molecule: stereo labels as they are, mirrored, hidden; of a system; of a backbone.
#include "openmmorbit/internal/SubjectViews.h"
#include <utility>

namespace OrbitPlugin {

namespace {

/** Get the mirror image of a graph's stereo labels. */
MolecularGraph mirror(MolecularGraph graph) {
    for (TetrahedralStereo& stereo : graph.tetrahedral)
        std::swap(stereo.neighbors[0], stereo.neighbors[1]);
    for (TorsionStereo& stereo : graph.torsional) {
        if (stereo.kind == TorsionStereoKind::AtropisomerMinus)
            stereo.kind = TorsionStereoKind::AtropisomerPlus;
        else if (stereo.kind == TorsionStereoKind::AtropisomerPlus)
            stereo.kind = TorsionStereoKind::AtropisomerMinus;
    }
    return graph;
}

MolecularGraph hideLabels(MolecularGraph graph) {
    graph.tetrahedral.clear();
    graph.torsional.clear();
    return graph;
}

TokenInputs describe(const MolecularGraph& graph, const DenoiserModel& model) {
    TokenInputs inputs = describeMolecule(graph, model);
    addSymmetryGroup(graph, inputs);
    return inputs;
}

} // namespace

SubjectViews describeMoleculeViews(const MolecularGraph& graph, const DenoiserModel& model) {
    SubjectViews views;
    views.neighbors = graph.getNeighbors();
    views.given = describe(graph, model);
    if (graph.tetrahedral.empty() && graph.torsional.empty())
        return views;
    if (views.given.rotations == OrbitRotations::Proper)
        views.mirrored = describe(mirror(graph), model);
    views.hidden = describe(hideLabels(graph), model);
    return views;
}

SubjectViews describeTopologyViews(const TopologySubject& subject, const DenoiserModel& model) {
    SubjectViews views;
    views.neighbors = subject.graph.getNeighbors();
    views.given = describeTopology(subject, model);
    addSymmetryGroup(subject, views.given);
    return views;
}

SubjectViews describeBackboneViews(const BackboneSubject& backbone, const DenoiserModel& model) {
    SubjectViews views;
    views.neighbors = makeBackboneGraph(backbone, 1).getNeighbors();
    views.given = describeBackbone(backbone, model);
    addSymmetryGroup(backbone, views.given);
    BackboneSubject open = backbone;
    open.structure.assign(backbone.structure.size(), '?');
    views.hidden = describeBackbone(open, model);
    addSymmetryGroup(open, *views.hidden);
    return views;
}

} // namespace OrbitPlugin
