# SPDX-License-Identifier: MIT
"""The options of openmm-orbit backbones that start from a known protein: partial diffusion, and motifs."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openmmorbit.command.console import UsageError
from openmmorbit.messages import explain

if TYPE_CHECKING:
    import argparse

    from openmm import unit

    from openmmorbit.backbones import BackboneGenerator
    from openmmorbit.designs import BackboneDesign


def addStartOptions(parser: argparse.ArgumentParser) -> None:
    """Add the options to the parser of the subcommand."""
    group = parser.add_argument_group(
        "a known protein", "Residues are named by chain and number, e.g. A10-25, and several are divided by commas. A "
        "is a whole chain.")
    group.add_argument("--start", metavar="FILE", help="vary this protein, a .pdb or .cif file (partial diffusion)")
    group.add_argument("--level", type=float, metavar="ANGSTROM",
                       help="noise that is added to --start: the lower, the nearer the backbones stay to it")
    group.add_argument("--motif", metavar="FILE", help="keep a part of this protein, a .pdb or .cif file")
    group.add_argument("--fixed", metavar="RESIDUES",
                       help="what is kept of --motif, or of --start; the other residues are designed around them, also "
                            "those that are missing")
    group.add_argument("--contig", metavar="TEXT",
                       help="parts of --motif with new residues between them, e.g. 10-20/A10-25/15/A40-52/5-10: "
                            "numbers of residues or ranges to draw from, and residues that are kept; /0/ starts "
                            "another chain")
    group.add_argument("--residues", metavar="RESIDUES", help="with --start or --fixed: take these residues alone")
    group.add_argument("--state", type=int, metavar="N",
                       help="which of several models of --start or --motif, from 0 (default: the first, with a "
                            "warning)")
    group.add_argument("--keep-unusual", dest="keepUnusual", action="store_true",
                       help="keep D-amino acids and cis peptides in the kept parts, and take mirror images")


def checkStartOptions(options: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    file = next((name for name in ("start", "motif") if getattr(options, name) is not None), None)
    if options.start is not None and options.motif is not None:
        raise UsageError(f"expected --start or --motif, got both, '{options.start}' and '{options.motif}'")
    for name, option in (("fixed", "--fixed"), ("contig", "--contig"), ("residues", "--residues")):
        if getattr(options, name) is not None and file is None:
            raise UsageError(f"expected --motif beside {option}, got none; give the file of the protein")
    for isGiven, option in ((options.keepUnusual, "--keep-unusual"), (options.state is not None, "--state")):
        if isGiven and file is None:
            raise UsageError(f"expected --motif beside {option}, got none; give the file of the protein")
    if options.level is not None and options.start is None:
        raise UsageError("expected --start beside --level, got none; give the file of the protein")
    if options.start is not None and options.level is None:
        raise UsageError("expected --level beside --start, got none; 2 to 10 Angstrom keep much of the fold, 30 little")
    if options.motif is not None and (options.fixed is None) == (options.contig is None):
        raise UsageError("expected --fixed or --contig beside --motif, got "
                         f"{'neither' if options.fixed is None else 'both'}")
    if options.contig is not None and options.start is not None:
        raise UsageError("expected --contig beside --motif, got it beside --start, all of whose residues are taken")
    if options.contig is not None and options.residues is not None:
        raise UsageError("expected --contig alone, which names the residues, got --residues beside it")
    if options.length is None and options.contig is None and file is None:
        raise UsageError("expected --length, --start or --motif, got none of them")
    if options.length is not None and file is not None and options.contig is None:
        raise UsageError(f"expected no --length beside --{file}, which says how many residues there are, got "
                         f"'{options.length}'; --contig adds residues to a motif")


def readLevel(options: argparse.Namespace) -> unit.Quantity | None:
    """Get --level with its unit: models have others, nm those of converted checkpoints."""
    from openmm import unit

    return None if options.level is None else options.level * unit.angstrom


def _checkDesign(design: BackboneDesign, generator: BackboneGenerator, path: str) -> None:
    """Refuse what the model was not trained on, before anything is generated."""
    (shortest, longest), most = generator.lengths, generator.maxChains
    if not shortest <= len(design) <= longest:
        raise UsageError(f"expected {shortest} to {longest} residues, as the model was trained on, got {len(design)} "
                         f"of '{path}'; --residues or --contig take a part")
    if design.backbone.getNumChains() > most:
        raise UsageError(f"expected at most {most} chain{'' if most == 1 else 's'}, as the model was trained on, got "
                         f"{design.backbone.getNumChains()} of '{path}'; --residues or --contig take a part")
    generator.checkBackbone(design.backbone)


def readDesigns(options: argparse.Namespace, generator: BackboneGenerator, lengths: tuple[int, int] | None,
                seed: int) -> list[BackboneDesign] | None:
    """Get what to generate, one for each backbone; None without a known protein.

    Parameters
    ----------
    options : argparse.Namespace
    generator : BackboneGenerator
    lengths : tuple of int or None
        Of --length.
    seed : int

    Raises
    ------
    UsageError
        Naming the file or the residue.
    """
    from openmmorbit.data.structures import chooseState, readModels
    from openmmorbit.generator import toLevel
    from openmmorbit.motifs import designBackbone

    path = options.start if options.start is not None else options.motif
    if path is None:
        return None
    try:
        level = toLevel("backbones", readLevel(options), generator.model)
        generator.samplerSettings.startAt(level)            # Refuses a level out of range.
        models = readModels("backbones", path)
        protein = models[chooseState("backbones", f"'{path}'", len(models), options.state)]
        given: dict[str, Any] = {"keepUnusual": options.keepUnusual}
        if options.contig is None:
            designs = [designBackbone(protein, options.fixed, residues=options.residues, **given)] * options.num
        else:
            designs = [designBackbone(protein, contig=options.contig, lengths=lengths or generator.lengths,
                                      seed=seed + k, **given) for k in range(options.num)]
        for design in designs[:1] if options.contig is None else designs:
            _checkDesign(design, generator, path)
            design.makeStart(generator.atomsPerResidue, level or None)
    except (ValueError, OSError) as error:
        raise UsageError(explain(error)) from error
    return designs


def checkMotif(design: BackboneDesign, path: str) -> None:
    """Refuse residues of a motif that cannot be built, before anything is generated."""
    from openmmorbit.building import readSequence

    for k in design.fixed:
        try:
            readSequence([design.names[k]])
        except ValueError as error:
            raise UsageError(f"expected a motif of the twenty standard residues beside --build, got {design.names[k]} "
                             f"{design.labels[k]} of '{path}'; leave it out of the motif, say with --sequence what to "
                             "build, or leave --build out") from error
