"""SQLMesh models as Dagster assets.

What a project needs, in the order in which it needs it:

- `SQLMeshProject` says where a SQLMesh project is and how it is opened; `describe` reads it, once per change.
- `Translator` says how models are called and grouped in Dagster; subclass it to change that.
- `sqlmesh_assets` makes all models one multi-asset of which any part can be selected, with their audits as checks;
  `plan_checks` are the checks of the plan as a whole. What a person may ask of a run is `ModelsConfig`.
- `model_schedules` makes a schedule for each cron that models have, `backfill_jobs` a partitioned job for each model
  that can be computed day by day.

Importing this imports neither SQLMesh nor dagster-sqlmesh: only a changed project and a run that has something to do
need them.
"""

import os

# SQLMesh forks worker processes when it is imported, unless told that one is enough; this must come before.
os.environ.setdefault("MAX_FORK_WORKERS", "1")
