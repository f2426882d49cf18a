-- The log of a case: every decision, step, failure and restoration, written with what it tells of and never changed
-- (docs/rules.md, "Off-boarding"). What offboarding_cases.log held is copied into it by the program that migrates.
-- An approval may carry a moment before which it does not run.

CREATE TABLE IF NOT EXISTS offboarding_events (
  event_id INTEGER PRIMARY KEY AUTOINCREMENT,
  case_id INTEGER NOT NULL,
  at DATETIME NOT NULL,
  operator VARCHAR(255) NOT NULL,
  event VARCHAR(20) NOT NULL,
  from_state VARCHAR(20) NULL,
  to_state VARCHAR(20) NULL,
  note TEXT NULL,
  step TEXT NULL
);

CREATE INDEX IF NOT EXISTS offboarding_events_case ON offboarding_events (case_id);

ALTER TABLE offboarding_cases ADD COLUMN IF NOT EXISTS run_after DATETIME NULL;
