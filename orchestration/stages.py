"""The names of the stages, as folders, schemas, asset groups and tags have them."""

LANDING = "landing"
STAGING = "staging"
INTERMEDIATE = "intermediate"
MARTS = "marts"
QUALITY = "quality"
REPORTS = "reports"
