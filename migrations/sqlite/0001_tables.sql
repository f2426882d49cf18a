-- The tables of CONTRACT.md section 5, for SQLite.
-- Times are text, UTC, `YYYY-MM-DD HH:MM:SS.ffffff`, so that they sort. Lengths are declared for the planner, which reads them.
--
-- These files are the one declaration of the schema. `prmdesk migrate` (src/store/schema.rs) compares them with what
-- the database has and runs only what is missing, so that an existing database is adopted and an interrupted
-- migration can be run again. To keep them readable for it: one column, key or constraint a line; only
-- CREATE TABLE IF NOT EXISTS, CREATE [UNIQUE] INDEX IF NOT EXISTS, and ALTER TABLE … ADD COLUMN IF NOT EXISTS.
-- Released files are never edited: later changes are a new, higher number.

CREATE TABLE IF NOT EXISTS partners (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_name VARCHAR(255) COLLATE NOCASE NOT NULL,
  partner_tier VARCHAR(50) NULL,
  account_status VARCHAR(50) NULL,
  account_owner VARCHAR(255) NULL,
  owner_email VARCHAR(255) NULL,
  partner_type VARCHAR(100) NULL,
  salesforce_id VARCHAR(50) NULL,
  website VARCHAR(500) NULL,
  account_region VARCHAR(100) NULL,
  country VARCHAR(100) NULL,
  impartner_id INTEGER NULL,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  deleted_at DATETIME NULL,
  created_at DATETIME NULL,
  updated_at DATETIME NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS partners_account_name ON partners (account_name);
CREATE UNIQUE INDEX IF NOT EXISTS partners_impartner_id ON partners (impartner_id);
CREATE INDEX IF NOT EXISTS partners_salesforce_id ON partners (salesforce_id);
CREATE INDEX IF NOT EXISTS partners_is_active ON partners (is_active);

CREATE TABLE IF NOT EXISTS contacts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  partner_id INTEGER NULL,
  email VARCHAR(255) COLLATE NOCASE NOT NULL,
  first_name VARCHAR(100) NULL,
  last_name VARCHAR(100) NULL,
  title VARCHAR(255) NULL,
  phone VARCHAR(50) NULL,
  lms_user_id VARCHAR(50) NULL,
  impartner_id INTEGER NULL,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  deleted_at DATETIME NULL,
  created_at DATETIME NULL,
  updated_at DATETIME NULL,
  CONSTRAINT contacts_partner FOREIGN KEY (partner_id) REFERENCES partners (id)
);

CREATE UNIQUE INDEX IF NOT EXISTS contacts_email ON contacts (email);
CREATE UNIQUE INDEX IF NOT EXISTS contacts_impartner_id ON contacts (impartner_id);
CREATE INDEX IF NOT EXISTS contacts_partner_id ON contacts (partner_id, is_active);
CREATE INDEX IF NOT EXISTS contacts_lms_user_id ON contacts (lms_user_id, is_active);

CREATE TABLE IF NOT EXISTS lms_users (
  id VARCHAR(50) NOT NULL PRIMARY KEY,
  email VARCHAR(255) COLLATE NOCASE NULL,
  first_name VARCHAR(100) NULL,
  last_name VARCHAR(100) NULL,
  status VARCHAR(50) NULL,
  synced_at DATETIME NULL
);

CREATE INDEX IF NOT EXISTS lms_users_email ON lms_users (email);

CREATE TABLE IF NOT EXISTS lms_groups (
  id VARCHAR(50) NOT NULL PRIMARY KEY,
  name VARCHAR(255) NULL,
  partner_id INTEGER NULL,
  synced_at DATETIME NULL
);

CREATE INDEX IF NOT EXISTS lms_groups_partner_id ON lms_groups (partner_id);
CREATE INDEX IF NOT EXISTS lms_groups_name ON lms_groups (name);

CREATE TABLE IF NOT EXISTS lms_group_members (
  group_id VARCHAR(50) NOT NULL,
  user_id VARCHAR(50) NOT NULL,
  PRIMARY KEY (group_id, user_id)
);

CREATE INDEX IF NOT EXISTS lms_group_members_user_id ON lms_group_members (user_id);

CREATE TABLE IF NOT EXISTS lms_courses (
  id VARCHAR(50) NOT NULL PRIMARY KEY,
  name VARCHAR(255) NULL,
  npcu_value INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS lms_enrollments (
  id VARCHAR(50) NOT NULL PRIMARY KEY,
  user_id VARCHAR(50) NOT NULL,
  course_id VARCHAR(50) NOT NULL,
  status VARCHAR(50) NULL,
  completed_at DATETIME NULL,
  expires_at DATETIME NULL
);

CREATE INDEX IF NOT EXISTS lms_enrollments_user_course ON lms_enrollments (user_id, course_id, status, expires_at);
CREATE INDEX IF NOT EXISTS lms_enrollments_course_id ON lms_enrollments (course_id);

CREATE TABLE IF NOT EXISTS sync_runs (
  run_id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind VARCHAR(20) NOT NULL,
  scope VARCHAR(20) NOT NULL,
  mode VARCHAR(20) NULL,
  status VARCHAR(20) NOT NULL,
  operator VARCHAR(255) NOT NULL,
  plan_id VARCHAR(100) NULL,
  message TEXT NULL,
  undoes INTEGER NULL,
  lease_token VARCHAR(64) NULL,
  started_at DATETIME NOT NULL,
  applied_at DATETIME NULL,
  finished_at DATETIME NULL,
  applied TEXT NULL,
  soft_deletes INTEGER NOT NULL DEFAULT 0,
  withheld INTEGER NOT NULL DEFAULT 0,
  faults INTEGER NOT NULL DEFAULT 0,
  report TEXT NULL
);

CREATE INDEX IF NOT EXISTS sync_runs_status ON sync_runs (status);
CREATE INDEX IF NOT EXISTS sync_runs_plan_id ON sync_runs (plan_id);
CREATE INDEX IF NOT EXISTS sync_runs_undoes ON sync_runs (undoes);
CREATE INDEX IF NOT EXISTS sync_runs_applied_at ON sync_runs (applied_at);

CREATE TABLE IF NOT EXISTS sync_changes (
  run_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  entity VARCHAR(10) NOT NULL,
  op VARCHAR(12) NOT NULL,
  row_id INTEGER NULL,
  impartner_id INTEGER NULL,
  name TEXT NULL,
  before_values TEXT NULL,
  after_values TEXT NULL,
  status VARCHAR(10) NOT NULL,
  message TEXT NULL,
  released BOOLEAN NOT NULL DEFAULT FALSE,
  undone_by INTEGER NULL,
  PRIMARY KEY (run_id, seq)
);

CREATE INDEX IF NOT EXISTS sync_changes_record ON sync_changes (impartner_id, entity);

CREATE TABLE IF NOT EXISTS sync_state (
  name VARCHAR(100) NOT NULL PRIMARY KEY,
  value TEXT NULL,
  updated_at DATETIME NULL
);

CREATE TABLE IF NOT EXISTS sync_holds (
  entity VARCHAR(10) NOT NULL,
  impartner_id INTEGER NOT NULL,
  note TEXT NOT NULL,
  operator VARCHAR(255) NOT NULL,
  created_at DATETIME NOT NULL,
  PRIMARY KEY (entity, impartner_id)
);

CREATE TABLE IF NOT EXISTS sync_carryover (
  entity VARCHAR(10) NOT NULL,
  impartner_id INTEGER NOT NULL,
  reason VARCHAR(50) NOT NULL,
  since DATETIME NOT NULL,
  run_id INTEGER NULL,
  PRIMARY KEY (entity, impartner_id)
);

CREATE TABLE IF NOT EXISTS sync_lease (
  id INTEGER NOT NULL PRIMARY KEY,
  token VARCHAR(64) NOT NULL,
  operator VARCHAR(255) NOT NULL,
  host VARCHAR(255) NOT NULL,
  pid INTEGER NOT NULL,
  process VARCHAR(255) NOT NULL,
  purpose VARCHAR(50) NOT NULL,
  since DATETIME NOT NULL,
  expires_at DATETIME NOT NULL
);

CREATE TABLE IF NOT EXISTS offboarding_cases (
  case_id INTEGER PRIMARY KEY AUTOINCREMENT,
  entity VARCHAR(10) NOT NULL,
  row_id INTEGER NOT NULL,
  impartner_id INTEGER NULL,
  name TEXT NOT NULL,
  state VARCHAR(20) NOT NULL,
  reason TEXT NOT NULL,
  run_id INTEGER NULL,
  opened_at DATETIME NOT NULL,
  opened_by VARCHAR(255) NOT NULL,
  decided_by VARCHAR(255) NULL,
  decided_at DATETIME NULL,
  note TEXT NULL,
  lms_user_id VARCHAR(50) NULL,
  group_id VARCHAR(50) NULL,
  group_name VARCHAR(255) NULL,
  people INTEGER NOT NULL DEFAULT 0,
  foreign_members INTEGER NOT NULL DEFAULT 0,
  foreign_accepted BOOLEAN NOT NULL DEFAULT FALSE,
  pre_image TEXT NULL,
  log TEXT NULL,
  updated_at DATETIME NOT NULL
);

CREATE INDEX IF NOT EXISTS offboarding_cases_state ON offboarding_cases (state);
CREATE INDEX IF NOT EXISTS offboarding_cases_row ON offboarding_cases (entity, row_id);

CREATE TABLE IF NOT EXISTS offboarding_steps (
  step_id INTEGER PRIMARY KEY AUTOINCREMENT,
  case_id INTEGER NOT NULL,
  phase VARCHAR(20) NOT NULL,
  seq INTEGER NOT NULL,
  action VARCHAR(20) NOT NULL,
  group_id VARCHAR(50) NOT NULL,
  group_name VARCHAR(255) NOT NULL,
  person_id VARCHAR(50) NULL,
  person VARCHAR(255) NULL,
  state VARCHAR(20) NOT NULL,
  note TEXT NULL,
  run_id INTEGER NULL,
  started_at DATETIME NULL,
  finished_at DATETIME NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS offboarding_steps_case ON offboarding_steps (case_id, phase, seq);

CREATE TABLE IF NOT EXISTS cert_pushes (
  push_id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id INTEGER NULL,
  row_id INTEGER NOT NULL,
  impartner_id INTEGER NULL,
  name TEXT NOT NULL,
  before_values TEXT NULL,
  after_values TEXT NULL,
  status VARCHAR(20) NOT NULL,
  message TEXT NULL,
  operator VARCHAR(255) NOT NULL,
  started_at DATETIME NOT NULL,
  finished_at DATETIME NULL
);

CREATE INDEX IF NOT EXISTS cert_pushes_run_id ON cert_pushes (run_id);
CREATE INDEX IF NOT EXISTS cert_pushes_row_id ON cert_pushes (row_id);
CREATE INDEX IF NOT EXISTS cert_pushes_status ON cert_pushes (status);
