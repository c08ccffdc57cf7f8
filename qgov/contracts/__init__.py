"""What qgov prints and writes as JSON: a typed model of each `qgov/…/v1`.

A module holds one document or a family. The models are TypedDicts: a document is a plain JSON
value with the types of its model, `telling.tell` makes it from what it tells of, and `schema`
gives the JSON Schema.

What is listed here stays: a field is never renamed or removed within a version. More fields
may come, so nothing is closed but the parts of conditions.
"""
