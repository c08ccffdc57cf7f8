"""What a device answers, as plain results that lead nowhere."""

from __future__ import annotations

from typing import Any

import cirq

from qgov.gateway.verdicts import GarbledError

__all__ = ["plain_results"]


def plain_results(answer: Any, count: int, repetitions: int) -> list[Any]:
    """So many results, made anew: one that a library gives may lead to its job. Raises
    GarbledError for anything else."""
    try:
        found = [_plain(result) for result in answer]
        sizes = {len(bits) for result in found for bits in result.records.values()}
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise GarbledError(f"the device answered no results: {type(error).__name__}") from error
    if len(found) != count or sizes - {repetitions}:
        raise GarbledError(f"the device answered {len(found)} results of {sizes} repetitions")
    return found


def _plain(result: Any) -> cirq.ResultDict:
    params, records = cirq.ParamResolver(dict(result.params.param_dict)), dict(result.records)
    if isinstance(job_id := getattr(result, "job_id", None), str):
        from cirq_google.engine.engine_result import EngineResult  # noqa: PLC0415 - heavy, and seldom needed

        return EngineResult(job_id=job_id, params=params, records=records)
    return cirq.ResultDict(params=params, records=records)
