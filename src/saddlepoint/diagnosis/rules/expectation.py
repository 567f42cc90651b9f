"""Models fitted by EM: a likelihood that falls (EM801), degenerate components (EM802), states that are never visited (EM803)."""

from __future__ import annotations

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

NOTICEABLE = 1e-3  # nats an example; regularised covariances cost up to 1e-4 a step
SHARE, MOST = 0.01, 0.5  # of what was gained since the first step
HALF = 0.5  # of the components or states


@rule("EM801", traits={"classical"}, opens=1, closes=0)
def likelihood_falls(em_largest_fall: Series, em_log_likelihood: Series, run: Facts) -> Finding | None:
    """An iteration of EM lowered the log-likelihood, which exact EM on all examples never does.

    On the Convergence Properties of the EM Algorithm (Jeff Wu, 1983), https://doi.org/10.1214/aos/1176346060; one cause in hmmlearn is its
    prior on covariances: https://github.com/hmmlearn/hmmlearn/issues/410.
    """
    fall, gained = em_largest_fall.last, em_log_likelihood.highest[0] - em_log_likelihood.lowest[0]
    if not fall > max(NOTICEABLE, SHARE * gained):
        return None
    return Finding(
        "EM801",
        "failure" if fall > MOST * gained else "warning",
        em_largest_fall.step,
        f"The log-likelihood fell by {fall:.3g} nats an example from one step of EM to the next.",
        {"largest_fall": fall, "gained": gained},
        "Exact EM on all examples never lowers it: each step sees other examples, or the covariances are regularised too much. "
        f"{run.advice('whole_batches', 'less_reg_covar')}",
        run.remedy("whole_batches", "less_reg_covar"),
    )


@rule("EM802", traits={"classical"}, opens=2, closes=2)
def degenerate_components(
    em_degenerate_components: Series, em_smallest_component: Series, run: Facts
) -> Finding | None:
    """A component of a mixture has almost no examples, or its variance comes from `reg_covar` alone.

    The likelihood of such a component is unbounded: Pattern Recognition and Machine Learning (Christopher Bishop, 2006), section 9.2.1,
    https://www.microsoft.com/en-us/research/publication/pattern-recognition-machine-learning/
    """
    if not em_degenerate_components.last >= 1:
        return None
    count = round(em_degenerate_components.last)
    components = run.settings.get("model.components", 0)
    fewer = max(1, components - count) if components > count else None
    return Finding(
        "EM802",
        "failure" if components and count >= HALF * components else "warning",
        em_degenerate_components.step,
        f"{count:,} component{'s' if count > 1 else ''}{_of_class(run)} {'are' if count > 1 else 'is'} degenerate: fewer than two examples, or no variance of their own.",
        {"degenerate_components": count, "smallest_component": em_smallest_component.last},
        f"They describe single examples and say nothing about new ones. {run.advice('fewer_components', 'more_reg_covar')}",
        run.remedy("fewer_components", "more_reg_covar", components=fewer),
    )


@rule("EM803", traits={"classical"}, opens=2, closes=2)
def unvisited_states(em_unvisited_states: Series, em_smallest_state: Series, run: Facts) -> Finding | None:
    """States of a hidden Markov model are expected to be visited less than twice in all examples.

    A Tutorial on Hidden Markov Models and Selected Applications in Speech Recognition (Lawrence Rabiner, 1989), section V,
    https://doi.org/10.1109/5.18626
    """
    if not em_unvisited_states.last >= 1:
        return None
    count = round(em_unvisited_states.last)
    states = run.settings.get("model.states", 0)
    fewer = max(1, states - count) if states > count else None
    return Finding(
        "EM803",
        "failure" if states and count >= HALF * states else "warning",
        em_unvisited_states.step,
        f"{count:,} state{'s' if count > 1 else ''}{_of_class(run)} {'are' if count > 1 else 'is'} never visited: less than two expected visits in all examples.",
        {"unvisited_states": count, "smallest_state": em_smallest_state.last},
        f"They add parameters and explain nothing. {run.advice('fewer_states', 'another_seed')}",
        run.remedy("fewer_states", "another_seed", states=fewer),
    )


def _of_class(run: Facts) -> str:
    """What counts of a model of classes are about: the class with the largest one."""
    return " of one class" if run.settings.get("model.conditional") else ""
