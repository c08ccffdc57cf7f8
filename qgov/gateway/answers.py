"""What a device answers, as plain results that lead nowhere."""

from __future__ import annotations

from typing import Any

import cirq

from qgov.gateway.circuits import Submission
from qgov.gateway.verdicts import GarbledError

__all__ = ["plain_results"]


def plain_results(answer: Any, meant: Submission) -> list[Any]:
    """The results of each circuit at each point, made anew: one that a library gives may lead
    to its job. Raises GarbledError for anything but what was measured: azure-quantum 3.13.0
    leaves a measurement out (findings/azure-quantum-loses-a-measurement.sh)."""
    try:
        found = [_plain(result) for result in answer]
        shapes = [
            {key: (len(bits), bits[0].size) for key, bits in result.records.items()}
            for result in found
        ]
    except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
        raise GarbledError(f"the device answered no results: {type(error).__name__}") from error
    wanted = [
        {key: (meant.repetitions, width) for key, width in circuit.items()}
        for circuit in meant.measured
        for _ in meant.points
    ]
    if len(shapes) != len(wanted):
        raise GarbledError(f"the device answered {len(shapes)} results of {len(wanted)}")
    for answered, asked in zip(shapes, wanted, strict=True):
        if answered != asked:
            raise GarbledError(
                f"the device answered (repetitions, qubits) of {answered}, not {asked}"
            )
    return found


def _plain(result: Any) -> cirq.ResultDict:
    params, records = cirq.ParamResolver(dict(result.params.param_dict)), dict(result.records)
    if isinstance(job_id := getattr(result, "job_id", None), str):
        from cirq_google.engine.engine_result import EngineResult  # noqa: PLC0415 - heavy, and seldom needed

        return EngineResult(job_id=job_id, params=params, records=records)
    return cirq.ResultDict(params=params, records=records)
