"""What a reader of scores of clusters must know of the examples, their classes and the model."""

from __future__ import annotations

from saddlepoint.applications.cluster.sources import Source
from saddlepoint.applications.cluster.subject import Subject
from saddlepoint.experiment.run import Run
from saddlepoint.models.capabilities import SamplesClasses, has
from saddlepoint.records import active_findings


def limitations(run: Run, subject: Subject, source: Source) -> tuple[str, ...]:
    """Return sentences on what the scores leave out or presuppose, and on what is wrong with the model.

    Args:
        run: of the model.
        subject: the examples that were clustered.
        source: the data they come from.
    """
    notes = []
    dataset = source.dataset
    every = len(dataset) + (0 if dataset.held_out is None else len(dataset.held_out))
    if len(subject) < every:
        parts = sorted(set(subject.parts))
        where = f", {parts[0]} ones" if len(parts) == 1 else ""
        notes.append(f"{len(subject):,} of {every:,} examples{where} were clustered; the others have no cluster.")
    if subject.y is not None and (unknown := int((subject.y < 0).sum())):
        notes.append(f"{unknown:,} examples have no class and do not count in scores.")
    if subject.y is not None and has(subject.model, SamplesClasses) and subject.model.classes is not None:
        notes.append(
            "The model was trained with the classes, so that the scores of its codes are not those of unsupervised codes."
        )
    if subject.dimension >= subject.raw_values(subject.x[:1]).shape[1]:
        notes.append(
            "A code has as many numbers as an example, so that principal components only rotate the raw values."
        )
    if subject.y is None and dataset.y is not None:
        notes.append("All known classes are one class, so that clusters are scored without classes.")
    active = [finding for finding in active_findings(run.findings) if finding.severity != "info"]
    notes += [f"The run has the finding {finding.code}: {finding.title.rstrip('.')}." for finding in active]
    return tuple(notes)
