"""What each finding means in a few words, for the headline of a verdict.

A title says what was measured, with numbers; a phrase names the problem for somebody who reads nothing else. A new finding
code needs one line here (`tests/diagnosis/test_headlines.py` fails without it).
"""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.records import Finding

MOST_WORDS = 12  # of a headline
LONGEST_PHRASE = 10  # words: beside "At risk:"
EXAMPLES = "training examples"  # where their number and kind are not known

# {examples}: "1,617 images". Nouns and verbs in full, so that a phrase is understood without the code.
PHRASES: Mapping[str, str] = {
    "GAN101": "the discriminator overpowers the generator",
    "GAN102": "the generator's loss is saturated and its gradient vanishes",
    "GAN103": "mode collapse, samples vary far less than the data",
    "GAN104": "the discriminator is too weak to teach the generator",
    "GAN105": "the players circle and the samples do not settle",
    "GAN106": "training diverges and the samples leave the data",
    "GAN107": "the discriminator memorises its {examples}",
    "GAN108": "the generator copies its {examples}",
    "GAN109": "the samples were better at an earlier step",
    "GAN110": "the samples do not depend on the latent code",
    "AE251": "part of the latent code is unused",
    "VAE201": "posterior collapse, the decoder ignores the latent code",
    "VAE202": "the KL term is computed wrongly",
    "VAE203": "the encoder's outputs are clamped",
    "VAE204": "the reconstruction and KL terms are out of balance",
    "VAE205": "holes in the latent space give poor samples",
    "VAE206": "the model overfits its {examples}",
    "NUM301": "a loss or gradient became NaN or infinite",
    "NUM302": "a gradient explodes",
    "NUM303": "many hidden units are dead",
    "NUM304": "learning has stalled, the weights hardly move",
    "NUM305": "a sample depends on the others in its batch",
    "DATA401": "the data do not fit the model's output range",
    "DATA402": "there are too few training examples",
    "DATA403": "columns are constant or examples are duplicated",
    "DATA404": "some classes have too few examples",
    "SET401": "a setting is far outside its usual range",
}
# Where a milder finding of the same code means something else.
MILDER: Mapping[str, str] = {"VAE201": "posterior collapse of part of the latent code"}
# What the checks of a model before its first step mean by a code, where it is another thing than in training.
BEFORE_TRAINING: Mapping[str, str] = {
    "GAN101": "the discriminator's loss also trains the generator",
    "GAN104": "the discriminator is built so that it cannot learn",
    "GAN106": "an adversarial loss has swapped labels or the wrong sign",
}


def phrase_of(finding: Finding, examples: str = EXAMPLES) -> str:
    """The problem in at most ten words, lower case, without a full stop.

    Args:
        finding: of any code; one that this table does not know (of a user's own rule) is named by its title.
        examples: what the model was trained on, such as "1,617 images".
    """
    code = finding.code
    if code == "SET401" and (phrase := _unusual_setting(finding)):
        return phrase
    if code in BEFORE_TRAINING and finding.evidence.get("preflight"):
        return BEFORE_TRAINING[code]
    if code in MILDER and finding.severity != "failure":
        return MILDER[code]
    if code in PHRASES:
        return PHRASES[code].format(examples=examples)
    return _shortened(finding.title)


def _unusual_setting(finding: Finding) -> str:
    """The one setting by its name; "" where there are several, or the name is too long for a headline."""
    settings = finding.evidence.get("settings")
    if not isinstance(settings, Mapping) or len(settings) != 1:
        return ""
    name = str(next(iter(settings))).rpartition(".")[2].replace("_", " ")
    phrase = f"the {name} setting is far outside its usual range"
    return phrase if len(phrase.split()) <= LONGEST_PHRASE else ""


def _shortened(title: str) -> str:
    """The beginning of a title, with an ellipsis where words are left out."""
    words = title.strip().rstrip(".").split()
    if not words:
        return "a finding without a title"
    kept = " ".join(words[:LONGEST_PHRASE])
    kept = kept[:1].lower() + kept[1:] if words[0][1:].islower() else kept
    return kept if len(words) <= LONGEST_PHRASE else f"{kept.rstrip('.,;:')}…"
