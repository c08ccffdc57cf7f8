"""The guide's checklist as a scorecard over a model: done, partly, missing, and why."""
