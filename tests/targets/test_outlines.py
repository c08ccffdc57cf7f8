"""Terraform that is only compared has every value in its place."""

from __future__ import annotations

from qgov.targets.hcl import Block, Ref, outline
from qgov.targets.outlines import unfolded


def test_an_outline_is_read_as_the_blocks_that_it_is_of() -> None:
    filters = [Block("filter", (), {"name": n, "values": [n, "x"]}) for n in ("a", "b")]
    block = Block(
        "resource",
        ("aws_thing", "one"),
        {"who": Ref("aws_other.id"), "tags": {"qgov:role": "reader"}, "kept": True},
        (*filters, Block("rule", ("first",), {"days": 3})),
    )
    assert list(unfolded(outline([block]))) == [
        (
            "resource",
            ["aws_thing", "one"],
            {
                "who": "aws_other.id",
                "tags": {"qgov:role": '"reader"'},
                "kept": "true",
                "filter": {
                    "1": {"name": '"a"', "values": ['"a"', '"x"']},
                    "2": {"name": '"b"', "values": ['"b"', '"x"']},
                },
                "rule.first": {"1": {"days": "3"}},
            },
        )
    ]
