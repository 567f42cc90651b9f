"""Keeps truth and verdict of every sample set, so that each is computed once and a new verdict needs no new truth."""

from __future__ import annotations

import ast
import hashlib
import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import saddlepoint.evaluation.result
from saddlepoint.records.result import CLOSE, NOT_TOLD_APART, Result
from saddlepoint.records.schema import number_to_json
from verdicts.cases import Case
from verdicts.problems import load_problem

_RESULT = Path(saddlepoint.evaluation.result.__file__).parent
_TRUTH = [Path(__file__).parent / f"{name}.py" for name in ("truth", "classifiers", "image_features")]


@dataclass(frozen=True)
class Answer:
    """What is true of a case and what the verdict says of it."""

    case: Case
    score: float  # of the truth
    is_close: bool
    parts: dict[str, float]
    result: Result

    @property
    def is_called_close(self) -> bool:
        return self.result.level in (CLOSE, NOT_TOLD_APART)


def code_digest(paths: list[Path]) -> str:
    """Hex digest of what these files execute: comments and docstrings change nothing."""
    return hashlib.sha256("\n".join(executed(path.read_text("utf-8")) for path in paths).encode()).hexdigest()[:12]


def executed(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


@cache  # of the code that runs, whatever is written into the files meanwhile
def verdict_code() -> str:
    return code_digest(sorted(_RESULT.glob("*.py")))


@cache
def truth_code() -> str:
    return code_digest(_TRUTH)


def _truth_path(case: Case, keep: Path) -> Path:
    return keep / "truth" / truth_code() / f"{case.key}.json"


def _result_path(case: Case, keep: Path) -> Path:
    return keep / "results" / verdict_code() / f"{case.key}.json"


def measure(case: Case, keep: Path) -> bool:
    """Compute what is missing of truth and verdict; whether anything was."""
    truth_path, result_path = _truth_path(case, keep), _result_path(case, keep)
    if truth_path.exists() and result_path.exists():
        return False
    problem, samples = load_problem(case.problem), case.samples(keep)
    if not truth_path.exists():
        from verdicts.truth import measure_truth

        truth = measure_truth(problem, samples)
        content = {"score": truth.score, "is_close": truth.is_close, "parts": truth.parts, "facts": truth.facts}
        _write(truth_path, content)
    if not result_path.exists():
        from saddlepoint.evaluation.result import assess_result

        _write(result_path, assess_result(samples[: problem.samples], problem.dataset, seed=case.seed).to_json())
    return True


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(number_to_json(content)), "utf-8")
    part.replace(path)


def read(cases: list[Case], keep: Path) -> list[Answer]:
    """The answers that are complete. Raises ValueError where the verdict could not judge a case."""
    found = []
    for case in cases:
        truth_path, result_path = _truth_path(case, keep), _result_path(case, keep)
        if truth_path.exists() and result_path.exists():
            truth = json.loads(truth_path.read_text("utf-8"))
            result = Result.from_json(json.loads(result_path.read_text("utf-8")))
            if result.level is None or math.isnan(result.score):
                raise ValueError(f"{case.key}: the verdict has no result: {result.reason}")
            parts = truth["parts"] | truth["facts"]
            found.append(Answer(case, truth["score"], truth["is_close"], parts, result))
    return found
