-- The filters as they were accepted, newest last; rows are only ever added (docs/rules.md, "Accepted rules").

CREATE TABLE IF NOT EXISTS sync_rules (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  filters TEXT NOT NULL,
  operator TEXT NOT NULL,
  reason TEXT NOT NULL,
  accepted_at DATETIME NOT NULL,
  run_id INTEGER NULL
);
