// SPDX-License-Identifier: MIT
// Tests of the cellar: what goes into XML comes out again, changed model files and newer versions are refused.
#include "Backbones.h"
#include "Matchers.h"
#include "Models.h"
#include "SystemModels.h"
#include "Systems.h"
#include "openmm/serialization/XmlSerializer.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/BackboneGenerator.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include "openmmorbit/TopologyGenerator.h"
#include "openmmorbit/internal/Base64.h"
#include <gtest/gtest.h>
#include <cstdio>
#include <fstream>
#include <limits>
#include <sstream>

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;

namespace {

template <class T>
std::string toXml(const T& object) {
    std::stringstream stream;
    XmlSerializer::serialize<T>(&object, "Object", stream);
    return stream.str();
}

template <class T>
std::unique_ptr<T> fromXml(const std::string& xml) {
    std::stringstream stream(xml);
    return std::unique_ptr<T>(XmlSerializer::deserialize<T>(stream));
}

std::string replaceOnce(std::string text, const std::string& from, const std::string& to) {
    const std::size_t place = text.find(from);
    EXPECT_NE(std::string::npos, place) << from;
    return place == std::string::npos ? text : text.replace(place, from.size(), to);
}

SamplerSettings makeSampler(double guidanceScale = 1) {
    SamplerSettings settings;
    settings.method = SamplerMethod::Multistep;
    settings.schedule = NoiseSchedule::Logarithmic;
    settings.numSteps = 17;
    settings.sigmaMax = 12.25;
    settings.sigmaMin = 1.0/3;
    settings.rho = 7.1;
    settings.renewal = 0.125;
    settings.stereoGuidance = 2.5;
    settings.renewalRule = RenewalRule::Rate;
    settings.noiseScale = 0.5;
    settings.guidanceScale = guidanceScale;
    return settings;
}

void expectSame(const SamplerSettings& expected, const SamplerSettings& actual) {
    EXPECT_EQ(expected.method, actual.method);
    EXPECT_EQ(expected.schedule, actual.schedule);
    EXPECT_EQ(expected.numSteps, actual.numSteps);
    EXPECT_EQ(expected.sigmaMax, actual.sigmaMax);
    EXPECT_EQ(expected.sigmaMin, actual.sigmaMin);
    EXPECT_EQ(expected.rho, actual.rho);
    EXPECT_EQ(expected.renewal, actual.renewal);
    EXPECT_EQ(expected.stereoGuidance, actual.stereoGuidance);
    EXPECT_EQ(expected.renewalRule, actual.renewalRule);
    EXPECT_EQ(expected.noiseScale, actual.noiseScale);
    EXPECT_EQ(expected.guidanceScale, actual.guidanceScale);
}

template <class T>
std::unique_ptr<T> makeEmbedded(const DenoiserModel& model) {
    auto generator = std::make_unique<T>(model);
    generator->setEmbedModel(true);
    return generator;
}

/** A model file that is removed at the end of the test. */
class ModelFile {
public:
    explicit ModelFile(const std::string& name) : path(testing::TempDir()+name) {
        makeSmallModel().save(path);
    }
    ~ModelFile() {
        std::remove(path.c_str());
    }
    const std::string path;
};

} // namespace

TEST(Serialization, encodesBase64) {
    // RFC 4648, section 10.

    const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
            {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(text, encodeBase64(bytes));
        EXPECT_EQ(bytes, decodeBase64(text));
    }
    std::string all;
    for (int i = 0; i < 256; i++)
        all += (char) i;
    EXPECT_EQ(all, decodeBase64(encodeBase64(all)));
    const std::vector<double> numbers = {0.0, -1.0/3, 1e300, std::numeric_limits<double>::denorm_min()};
    EXPECT_EQ(numbers, decodeDoubles(encodeDoubles(numbers)));
    expectThrows<ArgumentError>(
            "decodeBase64: expected a multiple of 4 characters, got 3", [] { decodeBase64("Zg="); });
    expectThrows<ArgumentError>("decodeBase64: expected base64 digits, got another character at position 1",
            [] { decodeBase64("Z*9v"); });
    expectThrows<ArgumentError>("decodeDoubles: expected a multiple of 8 bytes, got 3", [] { decodeDoubles("Zm9v"); });
}

TEST(Serialization, keepsAGraph) {
    MolecularGraph graph = makeDifluoroethene();
    graph.smiles = "F/C=C\\F";
    graph.numAddedHydrogens = 2;
    graph.atoms[1].isotope = 13;
    graph.tetrahedral = makeBromochlorofluoromethane().tetrahedral;
    graph.tetrahedral.clear();
    const std::string xml = toXml(graph);
    EXPECT_EQ(xml, toXml(*fromXml<MolecularGraph>(xml)));
    auto copy = fromXml<MolecularGraph>(xml);
    EXPECT_EQ("difluoroethene", copy->name);
    EXPECT_EQ(graph.smiles, copy->smiles);
    EXPECT_EQ(13, copy->atoms[1].isotope);
    EXPECT_EQ(BondOrder::Double, copy->bonds[1].order);
    EXPECT_EQ(TorsionStereoKind::Cis, copy->torsional.at(0).kind);
    EXPECT_EQ(graph.torsional[0].atoms, copy->torsional[0].atoms);
    auto center = fromXml<MolecularGraph>(toXml(makeBromochlorofluoromethane()));
    EXPECT_EQ(makeBromochlorofluoromethane().tetrahedral[0].neighbors, center->tetrahedral.at(0).neighbors);
    auto benzene = fromXml<MolecularGraph>(toXml(makeBenzene()));
    EXPECT_EQ(makeBenzene().rings, benzene->rings);
    EXPECT_TRUE(benzene->atoms[3].aromatic);
    EXPECT_EQ(Hybridization::SP2, benzene->atoms[3].hybridization);
}

TEST(Serialization, keepsNamesAndPropertiesOfAGraph) {
    MolecularGraph graph = makeWater();
    graph.name = "50 %\ny<&>\x01z%0a";
    graph.properties = {{"b\t", "x\n\ny"}, {"a", ""}, {"é", "%"}};
    const std::string xml = toXml(graph);
    auto copy = fromXml<MolecularGraph>(xml);
    EXPECT_EQ(graph.name, copy->name);
    EXPECT_EQ(graph.properties, copy->properties);
    auto older = fromXml<MolecularGraph>(replaceOnce(toXml(makeWater()), "version=\"2\"", "version=\"1\""));
    EXPECT_EQ(makeWater().name, older->name);
}

TEST(Serialization, keepsAnIntegrator) {
    ModelFile file("orbitIntegrator.model");
    OrbitDiffusionIntegrator integrator(file.path);
    integrator.setConstraintTolerance(3e-6);
    integrator.setIntegrationForceGroups(5);
    integrator.setRandomNumberSeed(1234);
    integrator.setSamplerSettings(makeSampler());
    integrator.addMolecule(makeEthanol(), {8, 7, 6, 5, 4, 3, 2, 1, 0});
    integrator.addMolecule(makeWater(), {10, 11, 12});
    const std::string xml = toXml<Integrator>(integrator);
    std::unique_ptr<Integrator> base = fromXml<Integrator>(xml);
    OrbitDiffusionIntegrator& copy = dynamic_cast<OrbitDiffusionIntegrator&>(*base);
    EXPECT_EQ(0.0, copy.getStepSize());
    EXPECT_EQ(3e-6, copy.getConstraintTolerance());
    EXPECT_EQ(5, copy.getIntegrationForceGroups());
    EXPECT_EQ(1234, copy.getRandomNumberSeed());
    expectSame(makeSampler(), copy.getSamplerSettings());
    ASSERT_EQ(2, copy.getNumMolecules());
    EXPECT_EQ(integrator.getMoleculeParticles(0), copy.getMoleculeParticles(0));
    EXPECT_EQ(toXml(makeWater()), toXml(copy.getMoleculeGraph(1)));
    EXPECT_EQ(integrator.getModel().getChecksum(), copy.getModel().getChecksum());
    EXPECT_EQ(file.path, copy.getModel().getPath());
    EXPECT_EQ(xml, toXml<Integrator>(copy));
}

TEST(Serialization, keepsAGenerator) {
    ModelFile file("orbitGenerator.model");
    ConformerGenerator generator(file.path);
    generator.setPlatformName("Reference");
    generator.setPlatformProperties({{"DisablePmeStream", "true"}, {"Threads", "2"}});
    generator.setNumThreads(3);
    generator.setSamplerSettings(makeSampler());
    generator.setMaxRedraws(4);
    generator.setCheckConformers(false);
    generator.setReturnFailed(true);
    const std::string xml = toXml(generator);
    std::unique_ptr<ConformerGenerator> copy = fromXml<ConformerGenerator>(xml);
    EXPECT_EQ("Reference", copy->getPlatformName());
    EXPECT_EQ(generator.getPlatformProperties(), copy->getPlatformProperties());
    EXPECT_EQ(3, copy->getNumThreads());
    expectSame(makeSampler(), copy->getSamplerSettings());
    EXPECT_EQ(4, copy->getMaxRedraws());
    EXPECT_FALSE(copy->getCheckConformers());
    EXPECT_TRUE(copy->getReturnFailed());
    EXPECT_EQ(xml, toXml(*copy));

    // Earlier versions wrote another name.

    std::string former = xml;
    const std::string name = "maxRedraws";
    ASSERT_NE(former.find(name), std::string::npos);
    former.replace(former.find(name), name.size(), "maxResamplings");
    EXPECT_EQ(xml, toXml(*fromXml<ConformerGenerator>(former)));
}

namespace {

/** Settings that no generator has by itself. */
template <class T>
void changeSettings(T& generator) {
    generator.setPlatformName("Reference");
    generator.setPlatformProperties({{"Threads", "2"}});
    generator.setNumThreads(3);
    generator.setSamplerSettings(makeSampler());
    generator.setMaxRedraws(4);
    generator.setCheckCopies(false);
    generator.setReturnFailed(true);
    generator.setTimeLimit(2.5);
    generator.setEmbedModel(true);
}

/** Write a generator, read it, and compare all settings. */
template <class T>
std::unique_ptr<T> expectKept(const T& generator) {
    const std::string xml = toXml(generator);
    std::unique_ptr<T> copy = fromXml<T>(xml);
    EXPECT_EQ("Reference", copy->getPlatformName());
    EXPECT_EQ(generator.getPlatformProperties(), copy->getPlatformProperties());
    EXPECT_EQ(3, copy->getNumThreads());
    expectSame(makeSampler(), copy->getSamplerSettings());
    EXPECT_EQ(4, copy->getMaxRedraws());
    EXPECT_FALSE(copy->getCheckCopies());
    EXPECT_TRUE(copy->getReturnFailed());
    EXPECT_EQ(2.5, copy->getTimeLimit());
    EXPECT_EQ(generator.getCondition(), copy->getCondition());
    EXPECT_EQ(xml, toXml(*copy));
    return copy;
}

} // namespace

TEST(Serialization, keepsAGeneratorOfBackbones) {
    BackboneGenerator generator(makeBackboneModel(3));
    changeSettings(generator);
    generator.setCondition("native");
    const auto copy = expectKept(generator);
    EXPECT_EQ(3, copy->getAtomsPerResidue());
    EXPECT_EQ(generator.getStatistics().numBackbones, copy->getStatistics().numBackbones);
    EXPECT_EQ(40, copy->getStatistics().longest);
}

TEST(Serialization, keepsAGeneratorOfASystem) {
    TopologyGenerator generator(makeArmedHalideModel(OrbitRotations::Proper));
    changeSettings(generator);
    for (int probes : {0, 6}) {
        generator.setNumProbes(probes);
        const auto copy = expectKept(generator);
        EXPECT_EQ(probes, copy->getNumProbes());
        EXPECT_EQ("", describeDifference(generator.getTopology(), copy->getTopology()));
    }
}

TEST(Serialization, embedsAModel) {
    // Weights that BF16 cannot hold, and weights that it can.

    DenoiserModel model = makeSmallModel();
    for (bool rounded : {false, true}) {
        if (rounded)
            model = DenoiserModel::fromBytes(model.toBytes(TensorStorage::BFloat16));
        ConformerGenerator generator(model);
        expectThrows<OpenMMException>(
                "XmlSerializer::serialize: expected a model that was read from a file, got one without a"
                " path; call setEmbedModel(true) or save the model and load it",
                [&] { toXml(generator); });
        generator.setEmbedModel(true);
        const std::string xml = toXml(generator);
        std::unique_ptr<ConformerGenerator> copy = fromXml<ConformerGenerator>(xml);
        EXPECT_TRUE(copy->getEmbedModel());
        for (const std::string& name : model.getTensorNames())
            EXPECT_EQ(model.getTensor(name).values, copy->getModel().getTensor(name).values) << name;
        EXPECT_EQ(xml, toXml(*copy));
    }
}

TEST(Serialization, refusesAChangedModelFile) {
    ModelFile file("orbitChanged.model");
    const std::string before = DenoiserModel::load(file.path).getChecksum();
    const std::string xml = toXml(ConformerGenerator(file.path));
    makeSmallModel(2).save(file.path);
    const std::string after = DenoiserModel::load(file.path).getChecksum();
    expectThrows<OpenMMException>("XmlSerializer::deserialize: expected the model \"" + file.path + "\" with SHA-256 " +
                    before + ", got " + after + "; the file has changed since the XML was written",
            [&] { fromXml<ConformerGenerator>(xml); });
    std::remove(file.path.c_str());
    EXPECT_THROW(fromXml<ConformerGenerator>(xml), ArgumentError);
}

TEST(Serialization, samplersOfEarlierVersionsStayWhatTheyWere) {
    std::string xml = toXml(makeSampler(1.5));
    expectSame(makeSampler(1.5), *fromXml<SamplerSettings>(xml));
    xml = replaceOnce(xml, "version=\"5\"", "version=\"4\"");
    xml = replaceOnce(xml, " guidanceScale=\"1.5\"", "");
    EXPECT_EQ(fromXml<SamplerSettings>(xml)->guidanceScale, 1.0);
    xml = replaceOnce(xml, "version=\"4\"", "version=\"3\"");
    xml = replaceOnce(xml, " noiseScale=\".5\"", "");
    xml = replaceOnce(xml, " renewalRule=\"1\"", "");
    EXPECT_EQ(fromXml<SamplerSettings>(xml)->noiseScale, 1.0);
    EXPECT_EQ(fromXml<SamplerSettings>(xml)->renewalRule, RenewalRule::Share);
    xml = replaceOnce(xml, "version=\"3\"", "version=\"2\"");
    xml = replaceOnce(xml, " stereoGuidance=\"2.5\"", "");
    EXPECT_EQ(fromXml<SamplerSettings>(xml)->stereoGuidance, 0.0);
    EXPECT_EQ(fromXml<SamplerSettings>(xml)->renewal, 0.125);
    xml = replaceOnce(xml, "version=\"2\"", "version=\"1\"");
    xml = replaceOnce(xml, " renewal=\".125\"", "");
    EXPECT_EQ(fromXml<SamplerSettings>(xml)->renewal, 0.0);
}

TEST(Serialization, generatorsOfEarlierVersionsHaveTheDefaultTimeLimit) {
    ModelFile file("orbitTimeLimit.model");
    ConformerGenerator generator(file.path);
    generator.setTimeLimit(2.5);
    std::string xml = toXml(generator);
    EXPECT_EQ(2.5, fromXml<ConformerGenerator>(xml)->getTimeLimit());
    const std::size_t place = xml.find("type=\"OrbitConformerGenerator\"");
    xml = xml.substr(0, place) + replaceOnce(xml.substr(place), "version=\"2\"", "version=\"1\"");
    xml = replaceOnce(xml, " timeLimit=\"2.5\"", "");
    EXPECT_EQ(60, fromXml<ConformerGenerator>(xml)->getTimeLimit());
}

TEST(Serialization, refusesNewerVersions) {
    ModelFile file("orbitVersions.model");
    OrbitDiffusionIntegrator integrator(file.path);
    const std::vector<std::pair<std::string, std::string>> texts = {
            {"OrbitDiffusionIntegrator", toXml<Integrator>(integrator)},
            {"OrbitConformerGenerator", toXml(ConformerGenerator(file.path))},
            {"OrbitTopologyGenerator", toXml(*makeEmbedded<TopologyGenerator>(
                    makeArmedHalideModel(OrbitRotations::Proper)))},
            {"OrbitBackboneGenerator", toXml(*makeEmbedded<BackboneGenerator>(makeBackboneModel()))},
            {"OrbitMolecularGraph", toXml(makeWater())},
            {"OrbitSamplerSettings", toXml(SamplerSettings())}};
    for (const auto& [type, xml] : texts) {
        const std::size_t place = xml.find("type=\""+type+"\"");
        ASSERT_NE(std::string::npos, place) << xml;
        const int newest = type == "OrbitSamplerSettings" ? 5 :
                type == "OrbitConformerGenerator" || type == "OrbitMolecularGraph" ? 2 : 1;
        const std::string newer = xml.substr(0, place) + replaceOnce(xml.substr(place),
                "version=\"" + std::to_string(newest) + "\"", "version=\"" + std::to_string(newest + 1) + "\"");
        const std::string message = "XmlSerializer::deserialize: expected a " + type + " of version 1 to " +
                std::to_string(newest) + ", got version " + std::to_string(newest + 1) +
                "; read it with the version of OpenMM-Orbit that wrote it";
        expectThrows<OpenMMException>(message, [&, name = type] {
            if (name == "OrbitDiffusionIntegrator")
                fromXml<Integrator>(newer);
            else if (name == "OrbitConformerGenerator")
                fromXml<ConformerGenerator>(newer);
            else if (name == "OrbitTopologyGenerator")
                fromXml<TopologyGenerator>(newer);
            else if (name == "OrbitBackboneGenerator")
                fromXml<BackboneGenerator>(newer);
            else if (name == "OrbitMolecularGraph")
                fromXml<MolecularGraph>(newer);
            else
                fromXml<SamplerSettings>(newer);
        });
    }
}
