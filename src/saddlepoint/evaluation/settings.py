"""How to measure while and after training: the `evaluation` section of a recipe (torch-free)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class EvaluationSettings(BaseModel):
    """The quality series that training keeps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: int = Field(250, ge=1, description="Steps between two measurements of quality.")
    samples: int = Field(1_000, ge=10, description="Samples (and held-out examples) a measurement uses.")
    seed: int = Field(0, ge=0, le=2**63 - 1, description="Seed of the measurement's own noise, the same at every step.")
