"""SQLMesh models as Dagster assets.

What a project needs, in the order in which it needs it:

- `project.SQLMeshProject` says where a SQLMesh project is and how it is opened; `project.describe` reads it, once per
  change.
- `ledger.DataVersions` is what the project has to bring: a function that tells the version of the rows of relations,
  such as a checksum, by which is judged what is up to date.
- `translator.Translator` says how models are called and grouped in Dagster; subclass it to change that.
- `assets.sqlmesh_assets` makes all models one multi-asset of which any part can be selected, with their audits as
  checks; `assets.plan_checks` are the checks of the plan as a whole. What a person may ask of a run is
  `launchpad.ModelsConfig`.
- `schedules.model_schedules` makes a schedule for each cron that models have, `backfills.backfill_jobs` a partitioned
  job for each model that can be computed day by day.
- `description.MERGES` is the tag of a model by unique key whose SQL finds what is new, changed and gone.
- `observation` says of an asset that it is up to date, in the step that would else have materialized it.
- `markdown` writes what is told as Markdown, for whoever adds to it.

Everything else is not meant for use from outside. Importing any of these imports neither SQLMesh nor dagster-sqlmesh:
only a changed project and a run that has something to do need them.
"""

import os

# SQLMesh forks worker processes when it is imported, unless told that one is enough; this must come before.
os.environ.setdefault("MAX_FORK_WORKERS", "1")
