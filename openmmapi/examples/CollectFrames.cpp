// SPDX-License-Identifier: MIT
// From a simulation to a shard of frames, on which openmmorbit.train() trains a model of the system.
#include "OpenMM.h"
#include "openmmorbit/Shard.h"
#include <iostream>
#include <memory>

using namespace OpenMM;
using namespace OrbitPlugin;

/** A chain of beads without elements, which stands for any system of one's own. */
const int NUM_BEADS = 12;

/** Say what the particles are: names, elements (0: none), residues, chains and bonds. */
TopologyRecord describeChain() {
    TopologyRecord record;
    for (int i = 0; i < NUM_BEADS; i++) {
        TopologyAtom atom;
        atom.name = "B";
        atom.element = 0;
        atom.residue = i;
        record.atoms.push_back(atom);
        record.residueNames.push_back("BEAD");
        record.residueIds.push_back(std::to_string(i + 1));
        record.residueChains.push_back(0);
    }
    for (int i = 0; i + 1 < NUM_BEADS; i++) {
        TopologyBond bond;
        bond.atom1 = i;
        bond.atom2 = i + 1;
        record.bonds.push_back(bond);
    }
    return record;
}

void fillSystem(System& system) {
    auto bonds = std::make_unique<HarmonicBondForce>();
    auto angles = std::make_unique<HarmonicAngleForce>();
    for (int i = 0; i < NUM_BEADS; i++) {
        system.addParticle(100.0);
        if (i > 0)
            bonds->addBond(i - 1, i, 0.38, 10000.0);
        if (i > 1)
            angles->addAngle(i - 2, i - 1, i, 2.1, 20.0);
    }
    system.addForce(bonds.release());   // The System takes the forces over.
    system.addForce(angles.release());
}

void append(const std::vector<Vec3>& vectors, double scale, std::vector<float>& values) {
    for (const Vec3& vector : vectors)
        for (int axis = 0; axis < 3; axis++)
            values.push_back((float) (vector[axis] * scale));
}

/**
 * Run dynamics, and write a block of frames from time to time. Molecules that a periodic box cuts must be made whole
 * before; here there is no box. Models learn more from frames with forces; leave these out if constraints move the
 * particles too.
 */
void collectFrames(Context& context, ShardWriter& writer, int numBlocks) {
    const int framesPerBlock = 20, stepsPerFrame = 100;
    FrameBlock block;
    block.condition = "300 K";
    block.temperature = 300;
    block.series = "simulation 1";
    for (int k = 0; k < numBlocks; k++) {
        block.positions.clear();
        block.forces.clear();
        for (int frame = 0; frame < framesPerBlock; frame++) {
            context.getIntegrator().step(stepsPerFrame);
            const State state = context.getState(State::Positions | State::Forces);     // It owns them.
            append(state.getPositions(), AngstromsPerNm, block.positions);
            append(state.getForces(), KcalPerKJ / AngstromsPerNm, block.forces);
        }
        writer.addFrames(block);    // Complete on disk when it returns.
    }
}

int main(int argc, char* argv[]) {
    const std::string path = argc > 2 ? argv[2] : "frames.shard";
    System system;
    fillSystem(system);
    LangevinMiddleIntegrator integrator(300.0, 1.0, 0.01);
    integrator.setRandomNumberSeed(1);
    Context context(system, integrator, Platform::getPlatform("Reference"));
    std::vector<Vec3> start;
    for (int i = 0; i < NUM_BEADS; i++)
        start.push_back(Vec3(0.33 * i, 0.19 * (i % 2), 0));
    context.setPositions(start);
    context.setVelocitiesToTemperature(300.0, 1);

    ShardSubject subject;
    subject.kind = SubjectKind::Topology;
    subject.splitRule = SplitRule::Time;    // The last 20 % of the frames of every series are for validation.
    subject.topology = makeTopologySubject(describeChain());
    ShardWriter writer(path, ShardMode::Replace);   // ShardMode::Append continues a shard.
    writer.addSubject(subject);
    collectFrames(context, writer, 5);

    // What another program finds in it.

    ShardReader reader(path);
    FrameBlock block;
    int numFrames = 0;
    while (reader.nextSubject(subject))
        while (reader.nextBlock(block))
            numFrames += block.getNumFrames(subject.getNumPoints());
    std::cout << numFrames << " frames of " << subject.getLabel() << " in " << path << std::endl;
    return numFrames == 100 && reader.getMessages().empty() ? 0 : 1;
}
