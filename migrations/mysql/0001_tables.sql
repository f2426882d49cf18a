-- The tables of CONTRACT.md section 5, for MariaDB 10.6 and newer.
--
-- These files are the one declaration of the schema. `prmdesk migrate` (src/store/schema.rs) compares them with what
-- the database has and runs only what is missing, so that an existing database is adopted and an interrupted
-- migration can be run again. To keep them readable for it: one column, key or constraint a line; only
-- CREATE TABLE IF NOT EXISTS, CREATE [UNIQUE] INDEX IF NOT EXISTS, and ALTER TABLE … ADD COLUMN IF NOT EXISTS.
-- Released files are never edited: later changes are a new, higher number.

CREATE TABLE IF NOT EXISTS partners (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  account_name VARCHAR(255) NOT NULL,
  partner_tier VARCHAR(50) NULL,
  account_status VARCHAR(50) NULL,
  account_owner VARCHAR(255) NULL,
  owner_email VARCHAR(255) NULL,
  partner_type VARCHAR(100) NULL,
  salesforce_id VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  website VARCHAR(500) NULL,
  account_region VARCHAR(100) NULL,
  country VARCHAR(100) NULL,
  impartner_id INT NULL,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  deleted_at DATETIME(6) NULL,
  created_at DATETIME(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
  updated_at DATETIME(6) NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE UNIQUE INDEX IF NOT EXISTS partners_account_name ON partners (account_name);
CREATE UNIQUE INDEX IF NOT EXISTS partners_impartner_id ON partners (impartner_id);
CREATE INDEX IF NOT EXISTS partners_salesforce_id ON partners (salesforce_id);
CREATE INDEX IF NOT EXISTS partners_is_active ON partners (is_active);

CREATE TABLE IF NOT EXISTS contacts (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  partner_id INT NULL,
  email VARCHAR(255) NOT NULL,
  first_name VARCHAR(100) NULL,
  last_name VARCHAR(100) NULL,
  title VARCHAR(255) NULL,
  phone VARCHAR(50) NULL,
  lms_user_id VARCHAR(50) NULL,
  impartner_id INT NULL,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  deleted_at DATETIME(6) NULL,
  created_at DATETIME(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
  updated_at DATETIME(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
  KEY contacts_partner_id (partner_id, is_active),
  CONSTRAINT contacts_partner FOREIGN KEY (partner_id) REFERENCES partners (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE UNIQUE INDEX IF NOT EXISTS contacts_email ON contacts (email);
CREATE UNIQUE INDEX IF NOT EXISTS contacts_impartner_id ON contacts (impartner_id);
CREATE INDEX IF NOT EXISTS contacts_partner_id ON contacts (partner_id, is_active);
CREATE INDEX IF NOT EXISTS contacts_lms_user_id ON contacts (lms_user_id, is_active);

CREATE TABLE IF NOT EXISTS lms_users (
  id VARCHAR(50) NOT NULL PRIMARY KEY,
  email VARCHAR(255) NULL,
  first_name VARCHAR(100) NULL,
  last_name VARCHAR(100) NULL,
  status VARCHAR(50) NULL,
  synced_at DATETIME(6) NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE INDEX IF NOT EXISTS lms_users_email ON lms_users (email);

CREATE TABLE IF NOT EXISTS lms_groups (
  id VARCHAR(50) NOT NULL PRIMARY KEY,
  name VARCHAR(255) NULL,
  partner_id INT NULL,
  synced_at DATETIME(6) NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE INDEX IF NOT EXISTS lms_groups_partner_id ON lms_groups (partner_id);
CREATE INDEX IF NOT EXISTS lms_groups_name ON lms_groups (name);

CREATE TABLE IF NOT EXISTS lms_group_members (
  group_id VARCHAR(50) NOT NULL,
  user_id VARCHAR(50) NOT NULL,
  PRIMARY KEY (group_id, user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE INDEX IF NOT EXISTS lms_group_members_user_id ON lms_group_members (user_id);

CREATE TABLE IF NOT EXISTS lms_courses (
  id VARCHAR(50) NOT NULL PRIMARY KEY,
  name VARCHAR(255) NULL,
  npcu_value INT NOT NULL DEFAULT 0
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS lms_enrollments (
  id VARCHAR(50) NOT NULL PRIMARY KEY,
  user_id VARCHAR(50) NOT NULL,
  course_id VARCHAR(50) NOT NULL,
  status VARCHAR(50) NULL,
  completed_at DATETIME(6) NULL,
  expires_at DATETIME(6) NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE INDEX IF NOT EXISTS lms_enrollments_user_course ON lms_enrollments (user_id, course_id, status, expires_at);
CREATE INDEX IF NOT EXISTS lms_enrollments_course_id ON lms_enrollments (course_id);

CREATE TABLE IF NOT EXISTS sync_runs (
  run_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  kind VARCHAR(20) NOT NULL,
  scope VARCHAR(20) NOT NULL,
  mode VARCHAR(20) NULL,
  status VARCHAR(20) NOT NULL,
  operator VARCHAR(255) NOT NULL,
  plan_id VARCHAR(100) NULL,
  message LONGTEXT NULL,
  undoes BIGINT NULL,
  lease_token VARCHAR(64) NULL,
  started_at DATETIME(6) NOT NULL,
  applied_at DATETIME(6) NULL,
  finished_at DATETIME(6) NULL,
  applied LONGTEXT NULL,
  soft_deletes BIGINT NOT NULL DEFAULT 0,
  withheld BIGINT NOT NULL DEFAULT 0,
  faults BIGINT NOT NULL DEFAULT 0,
  report LONGTEXT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE INDEX IF NOT EXISTS sync_runs_status ON sync_runs (status);
CREATE INDEX IF NOT EXISTS sync_runs_plan_id ON sync_runs (plan_id);
CREATE INDEX IF NOT EXISTS sync_runs_undoes ON sync_runs (undoes);
CREATE INDEX IF NOT EXISTS sync_runs_applied_at ON sync_runs (applied_at);

CREATE TABLE IF NOT EXISTS sync_changes (
  run_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  entity VARCHAR(10) NOT NULL,
  op VARCHAR(12) NOT NULL,
  row_id BIGINT NULL,
  impartner_id BIGINT NULL,
  name LONGTEXT NULL,
  before_values LONGTEXT NULL,
  after_values LONGTEXT NULL,
  status VARCHAR(10) NOT NULL,
  message LONGTEXT NULL,
  released BOOLEAN NOT NULL DEFAULT FALSE,
  undone_by BIGINT NULL,
  PRIMARY KEY (run_id, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE INDEX IF NOT EXISTS sync_changes_record ON sync_changes (impartner_id, entity);

CREATE TABLE IF NOT EXISTS sync_state (
  name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  value LONGTEXT NULL,
  updated_at DATETIME(6) NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS sync_holds (
  entity VARCHAR(10) NOT NULL,
  impartner_id BIGINT NOT NULL,
  note LONGTEXT NOT NULL,
  operator VARCHAR(255) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (entity, impartner_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS sync_carryover (
  entity VARCHAR(10) NOT NULL,
  impartner_id BIGINT NOT NULL,
  reason VARCHAR(50) NOT NULL,
  since DATETIME(6) NOT NULL,
  run_id BIGINT NULL,
  PRIMARY KEY (entity, impartner_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS sync_lease (
  id INT NOT NULL PRIMARY KEY,
  token VARCHAR(64) NOT NULL,
  operator VARCHAR(255) NOT NULL,
  host VARCHAR(255) NOT NULL,
  pid BIGINT NOT NULL,
  process VARCHAR(255) NOT NULL,
  purpose VARCHAR(50) NOT NULL,
  since DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS offboarding_cases (
  case_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  entity VARCHAR(10) NOT NULL,
  row_id BIGINT NOT NULL,
  impartner_id BIGINT NULL,
  name LONGTEXT NOT NULL,
  state VARCHAR(20) NOT NULL,
  reason LONGTEXT NOT NULL,
  run_id BIGINT NULL,
  opened_at DATETIME(6) NOT NULL,
  opened_by VARCHAR(255) NOT NULL,
  decided_by VARCHAR(255) NULL,
  decided_at DATETIME(6) NULL,
  note LONGTEXT NULL,
  lms_user_id VARCHAR(50) NULL,
  group_id VARCHAR(50) NULL,
  group_name VARCHAR(255) NULL,
  people BIGINT NOT NULL DEFAULT 0,
  foreign_members BIGINT NOT NULL DEFAULT 0,
  foreign_accepted BOOLEAN NOT NULL DEFAULT FALSE,
  pre_image LONGTEXT NULL,
  log LONGTEXT NULL,
  updated_at DATETIME(6) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE INDEX IF NOT EXISTS offboarding_cases_state ON offboarding_cases (state);
CREATE INDEX IF NOT EXISTS offboarding_cases_row ON offboarding_cases (entity, row_id);

CREATE TABLE IF NOT EXISTS offboarding_steps (
  step_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  case_id BIGINT NOT NULL,
  phase VARCHAR(20) NOT NULL,
  seq INT NOT NULL,
  action VARCHAR(20) NOT NULL,
  group_id VARCHAR(50) NOT NULL,
  group_name VARCHAR(255) NOT NULL,
  person_id VARCHAR(50) NULL,
  person VARCHAR(255) NULL,
  state VARCHAR(20) NOT NULL,
  note LONGTEXT NULL,
  run_id BIGINT NULL,
  started_at DATETIME(6) NULL,
  finished_at DATETIME(6) NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE UNIQUE INDEX IF NOT EXISTS offboarding_steps_case ON offboarding_steps (case_id, phase, seq);

CREATE TABLE IF NOT EXISTS cert_pushes (
  push_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  run_id BIGINT NULL,
  row_id BIGINT NOT NULL,
  impartner_id BIGINT NULL,
  name LONGTEXT NOT NULL,
  before_values LONGTEXT NULL,
  after_values LONGTEXT NULL,
  status VARCHAR(20) NOT NULL,
  message LONGTEXT NULL,
  operator VARCHAR(255) NOT NULL,
  started_at DATETIME(6) NOT NULL,
  finished_at DATETIME(6) NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE INDEX IF NOT EXISTS cert_pushes_run_id ON cert_pushes (run_id);
CREATE INDEX IF NOT EXISTS cert_pushes_row_id ON cert_pushes (row_id);
CREATE INDEX IF NOT EXISTS cert_pushes_status ON cert_pushes (status);
