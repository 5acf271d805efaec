// SPDX-License-Identifier: MIT
// From a subject of a shard to rows of feature tables, and the memory that they take.
#include "TrainingSubject.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/ModelSubject.h"
#include "openmmorbit/internal/SubjectViews.h"

namespace OrbitPlugin {
namespace torchimpl {

namespace {

SubjectViews describeViews(const ShardSubject& subject, const DenoiserModel& model) {
    const SubjectKind kind = getSubjectKind(model);
    const std::string difference = subject.kind == SubjectKind::Topology && kind == SubjectKind::Topology ?
            describeDifference(model.getTopology(), subject.topology) : "";
    if (kind != subject.kind || !difference.empty())
        throw ArgumentError("readTrainingSet: expected " +
                std::string(kind == SubjectKind::Topology ? "the system that the model is of"
                        : kind == SubjectKind::Backbone   ? "backbones, as the model is of"
                                                          : "molecules, as the model is of") +
                ", got " + subject.getLabel() + (difference.empty() ? "" : ": " + difference) +
                "; train another model for it");
    switch (subject.kind) {
        case SubjectKind::Molecule:
            return describeMoleculeViews(subject.graph, model);
        case SubjectKind::Topology:
            return describeTopologyViews(subject.topology, model);
        case SubjectKind::Backbone:
            return describeBackboneViews(subject.backbone, model);
    }
    throw ArgumentError("readTrainingSet: expected a known kind of subject, got another for " + subject.getLabel());
}

template <class T>
std::size_t count(const std::vector<T>& values) {
    return values.capacity() * sizeof(T);
}

std::size_t count(const std::vector<std::vector<int>>& lists) {
    std::size_t sum = lists.capacity() * sizeof(std::vector<int>);
    for (const std::vector<int>& list : lists)
        sum += count(list);
    return sum;
}

std::size_t count(const std::vector<ExchangeClass>& classes) {
    std::size_t sum = classes.capacity() * sizeof(ExchangeClass);
    for (const ExchangeClass& entry : classes)
        sum += count(entry.members) + count(entry.single) + count(entry.inner);
    return sum;
}

std::size_t count(const FeatureRows& rows) {
    std::size_t sum = count(rows.tokens) + count(rows.pairs) + count(rows.group.leafClasses) +
            count(rows.group.representatives);
    if (rows.lattice)
        sum += sizeof(LatticeGroup) + count(rows.lattice->single) + count(rows.lattice->classes) +
                count(rows.lattice->strata);
    return sum;
}

} // namespace

TrainingSubject makeTrainingSubject(const ShardSubject& subject, SubjectFrames frames, const DenoiserModel& model,
        int maxAutomorphisms, FeatureTables& tables) {
    const int pointsPerToken = model.getSettings().pointsPerToken;
    if (subject.pointsPerToken != pointsPerToken)
        throw ArgumentError("readTrainingSet: expected " + std::to_string(pointsPerToken) +
                " points per token, as \"pointsPerToken\" of the network says, got " +
                std::to_string(subject.pointsPerToken) + " for " + subject.getLabel());
    const SubjectViews views = describeViews(subject, model);
    auto makeRows = [&](const TokenInputs& inputs) {
        return makeFeatureRows(inputs, views.neighbors, maxAutomorphisms, tables);
    };
    TrainingSubject result;
    result.label = subject.getLabel();
    result.splitKey = subject.splitKey;
    result.numTokens = views.given.numTokens;
    result.pointsPerToken = pointsPerToken;
    result.given = makeRows(views.given);
    if (views.mirrored)
        result.mirrored = makeRows(*views.mirrored);
    if (views.hidden)
        result.hidden = makeRows(*views.hidden);
    result.frames = std::move(frames);
    return result;
}

std::size_t getNumBytes(const TrainingSubject& subject) {
    std::size_t sum = sizeof(TrainingSubject) + subject.label.capacity() + subject.splitKey.capacity() +
            subject.frames.getNumBytes() + count(subject.given);
    for (const std::optional<FeatureRows>* view : {&subject.mirrored, &subject.hidden})
        if (*view)
            sum += count(**view);
    return sum;
}

} // namespace torchimpl
} // namespace OrbitPlugin
