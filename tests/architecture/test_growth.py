"""What CONTRIBUTING promises: a new part of a game is one file and one line, and works end to end by a recipe.

Toy metrics are added, by one line of the same kind, in tests/evaluation/scorecard/test_registry.py, rules in
tests/diagnosis/test_registry.py and families in tests/experiment/test_toy_families.py.
"""

from __future__ import annotations

from pathlib import Path

from tests import processes

# The one file of every part.
PARTS = """
import math
from dataclasses import dataclass

import torch

from saddlepoint.models.gan.conditions.condition import Condition
from saddlepoint.models.gan.encoders.encoder import ENCODER, Encoder
from saddlepoint.networks.labels import class_weights
from saddlepoint.objectives.adversarial.losses import AdversarialLoss
from saddlepoint.objectives.adversarial.part_state import PartState
from saddlepoint.objectives.adversarial.penalties import Penalty, ScorePenalty
from saddlepoint.objectives.phase import Phase

CUBIC = AdversarialLoss(real=lambda a: -a, fake=lambda a: a + a.pow(2), generator=lambda a: -a)
AROUND = Penalty(lambda real, fake, noise: real + 0.1 * noise, lambda squared: squared, lambda n, event, g: torch.randn(n, *event, generator=g))


COUNTED = ScorePenalty(
    lambda real, fake, kept: (real - fake).square() / kept["updates"],
    state=PartState({"updates": torch.ones(())}, lambda kept, real, fake: {"updates": kept["updates"] + 1}),
)


class Shifted(torch.nn.Module):
    def __init__(self, network, classes):
        super().__init__()
        self.network, self.shift = network, torch.nn.Parameter(torch.randn(classes, 2))

    def forward(self, x, labels):
        return self.network(x + class_weights(labels, len(self.shift), x) @ self.shift)


class Shift(Condition):
    def wrap(self, network, axis, classes):
        return Shifted(network, classes)


class Mirror:
    def draw(self, n, event, strength, generator):
        return (torch.rand(n, 1, generator=generator) < strength).float()

    def __call__(self, x, noise):
        return x * (1 - 2 * noise)


@dataclass(frozen=True)
class Rescale:
    length: float = 1.0
    after_update = True

    def prepare(self, network):
        pass

    def project(self, network):
        with torch.no_grad():
            for weight in network.parameters():
                weight.mul_(self.length / weight.norm().clamp(min=self.length))


class Line(torch.nn.Module):
    def __init__(self, inputs, outputs, output_activation="identity", slope: float = 1.0):
        super().__init__()
        self.outputs, self.slope = (2,) if outputs is None else tuple(outputs), slope
        self.layer = torch.nn.Linear(math.prod(inputs), math.prod(self.outputs))

    def forward(self, x):
        return self.slope * self.layer(x.flatten(1)).reshape(len(x), *self.outputs)


class Inverse(Encoder):
    def __init__(self, weight=1.0):
        self.weight = weight

    def phases(self, parts, discriminator, generator):
        return discriminator, generator, Phase(ENCODER, self.loss, uses_data=False)

    def loss(self, nets, batch, noise):
        found = nets[ENCODER](nets["g"](noise.latent).detach())
        return self.weight * (found - noise.latent).square().sum(1), {}
"""
# The one line of every part, and a recipe that names all of them.
PROGRAM = """
from saddlepoint.models.gan.conditions.settings import CONDITIONS
from saddlepoint.models.gan.encoders.settings import ENCODERS
from saddlepoint.networks.settings import NETWORKS, NetworkEntry
from saddlepoint.objectives.adversarial.settings import CONSTRAINTS, LOSSES, PENALTIES, VIEWS, LossEntry

LOSSES["cubic"] = LossEntry("toy_parts:CUBIC")
PENALTIES["around"] = "toy_parts:AROUND"
PENALTIES["counted"] = "toy_parts:COUNTED"
CONDITIONS["shift"] = "toy_parts:Shift"
VIEWS["mirror"] = "toy_parts:Mirror"
CONSTRAINTS["rescale"] = "toy_parts:Rescale"
NETWORKS["line"] = NetworkEntry("toy_parts:Line", ())
ENCODERS["inverse"] = "toy_parts:Inverse"

import torch

import saddlepoint as sp

run = sp.train("toy.yaml", run="run", pictures=False)
assert sp.load("run").sample(3).shape == (3, 2)
last = list(run.folder.read_records())[-1].values
assert {"d/real_output", "d/around_slope"} <= set(last), sorted(last)
assert max(weight.norm() for weight in run.model.players["d"].parameters()) <= 2.001
assert "cubic" in str(run.recipe.to_yaml())
print(sp.diagnose("run").headline)
assert run.model.sample(3, labels=torch.tensor([0, 5, 7])).shape == (3, 2)
assert int(run.model.extra_state()["penalties.counted/updates"]) == 21
resumed = sp.resume("run", steps=30, pictures=False)
assert resumed.summary["step"] == 30
assert int(resumed.model.extra_state()["penalties.counted/updates"]) == 31

# A network with an argument, and an encoder, which excludes labels.
line = {"network": "line"}
encoding = sp.train(
    "toy.yaml",
    model={
        "condition": {"generator": None, "discriminator": None},
        "generator": {**line, "arguments": {"slope": 0.5}},
        "discriminator": line,
        "encoder": {**line, "kind": "inverse", "options": {"weight": 2.0}},
        "constraints": {"encoder": {"name": "rescale", "length": 1.0}},
    },
    run="encoding",
    pictures=False,
)
model = sp.load("encoding")
assert model.players["g"].slope == 0.5
assert model.encoder_part.weight == 2.0
assert max(weight.norm() for weight in model.players["e"].parameters()) <= 1.001
assert model.decode(model.encode(model.sample(3))).shape == (3, 2)
last = list(encoding.folder.read_records())[-1].values
assert {"e/loss", "e/held_out_reconstruction"} <= set(last), sorted(last)
"""
RECIPE = """
name: toy
data: {source: ring, points: 200}
model:
  family: gan
  latent: 2
  generator: {hidden: [8]}
  discriminator: {hidden: [8]}
  objective: cubic
  penalties: {around: 2, counted: 0.1}
  condition: {generator: shift, discriminator: shift}
  views: {mirror: 0.5}
  constraints: {discriminator: {name: rescale, length: 2.0}}
training: {steps: 20, tick: 10, samples: 16}
"""


def test_parts_of_a_game_are_one_file_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "toy_parts.py").write_text(PARTS)
    (tmp_path / "toy.yaml").write_text(RECIPE)
    ended = processes.run("-c", PROGRAM, cwd=tmp_path)  # and so "toy_parts" is found
    assert ended.returncode == 0, ended.stderr
