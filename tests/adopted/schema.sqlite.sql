-- See README.md.
CREATE TABLE staff (id INTEGER PRIMARY KEY, login VARCHAR(40) NOT NULL UNIQUE, full_name VARCHAR(80) NOT NULL);
CREATE TABLE partners (
  id INTEGER PRIMARY KEY,
  account_name VARCHAR(120) NOT NULL UNIQUE,
  partner_tier VARCHAR(30) NOT NULL DEFAULT 'Registered',
  account_status VARCHAR(20) NOT NULL DEFAULT 'Active',
  account_owner VARCHAR(120) NULL,
  owner_email VARCHAR(120) NULL,
  partner_type VARCHAR(60) NULL DEFAULT 'Reseller',
  salesforce_id CHAR(18) NULL,
  website VARCHAR(300) NULL,
  account_region VARCHAR(60) NULL,
  country VARCHAR(60) NULL,
  is_active TINYINT NOT NULL DEFAULT 1,
  deleted_at TEXT NULL,
  created_at TEXT NOT NULL DEFAULT '0000-00-00 00:00:00',
  updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
  portal_code CHAR(8) NOT NULL DEFAULT 'NEW',
  discount DECIMAL(5,2) NOT NULL DEFAULT 0.00,
  contract_until TEXT NOT NULL DEFAULT '0000-00-00',
  manager_id INTEGER NULL REFERENCES staff (id),
  notes TEXT NULL
);
CREATE TABLE contacts (
  id INTEGER PRIMARY KEY,
  partner_id INTEGER NULL REFERENCES partners (id),
  email VARCHAR(190) COLLATE NOCASE NOT NULL UNIQUE,
  first_name VARCHAR(60) NOT NULL DEFAULT '',
  last_name VARCHAR(60) NOT NULL DEFAULT '',
  title VARCHAR(80) NULL,
  phone VARCHAR(40) NULL,
  lms_user_id VARCHAR(36) NULL,
  impartner_id BIGINT NULL UNIQUE,
  is_active INTEGER NULL DEFAULT 1,
  deleted_at TEXT NULL,
  created_at TEXT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at TEXT NULL DEFAULT CURRENT_TIMESTAMP,
  badge_no VARCHAR(12) NULL,
  newsletter TINYINT NOT NULL DEFAULT 1,
  password_hash VARCHAR(100) NOT NULL DEFAULT '!',
  last_login TEXT NULL
);
CREATE TABLE lms_users (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  email VARCHAR(190) COLLATE NOCASE NOT NULL UNIQUE,
  first_name VARCHAR(30) NOT NULL DEFAULT '',
  last_name VARCHAR(30) NOT NULL DEFAULT '',
  status VARCHAR(8) NULL,
  synced_at TEXT NULL,
  theme VARCHAR(20) NOT NULL DEFAULT 'plain'
);
CREATE TABLE lms_groups (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  name VARCHAR(160) NOT NULL,
  partner_id INTEGER NULL REFERENCES partners (id),
  synced_at TEXT NULL,
  seats INTEGER NOT NULL DEFAULT 25,
  billing_code VARCHAR(20) NULL,
  opened_on TEXT NOT NULL DEFAULT '0000-00-00',
  seats_tenfold INTEGER GENERATED ALWAYS AS (seats * 10) VIRTUAL
);
CREATE TABLE lms_group_members (
  group_id VARCHAR(36) NOT NULL REFERENCES lms_groups (id),
  user_id VARCHAR(36) NOT NULL REFERENCES lms_users (id),
  added_by VARCHAR(40) NOT NULL DEFAULT 'script',
  PRIMARY KEY (group_id, user_id)
);
CREATE TABLE lms_courses (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  npcu_value DECIMAL(4,1) NOT NULL DEFAULT 0.0,
  catalogue_no VARCHAR(20) NULL
);
CREATE TABLE lms_enrollments (
  id VARCHAR(64) NOT NULL PRIMARY KEY,
  user_id VARCHAR(36) NOT NULL REFERENCES lms_users (id),
  course_id VARCHAR(36) NOT NULL REFERENCES lms_courses (id),
  status VARCHAR(12) NULL CHECK (LENGTH(status) <= 12),
  completed_at TEXT NULL,
  expires_at TEXT NULL,
  score SMALLINT NULL
);
CREATE TABLE group_settings (group_id VARCHAR(36) NOT NULL PRIMARY KEY REFERENCES lms_groups (id), branding VARCHAR(40) NOT NULL);
CREATE TABLE user_badges (user_id VARCHAR(36) NOT NULL PRIMARY KEY REFERENCES lms_users (id), badge VARCHAR(40) NOT NULL);
CREATE TABLE settings (name VARCHAR(40) NOT NULL PRIMARY KEY, value TEXT NULL);
CREATE TABLE audit_rows (id INTEGER PRIMARY KEY, tab TEXT NOT NULL, row_id TEXT NOT NULL, what TEXT NOT NULL);

CREATE VIEW active_partners AS SELECT id, account_name, partner_tier FROM partners WHERE is_active = 1;

-- A trigger cannot change what is written here; this one does it behind the write.
CREATE TRIGGER partners_lower_i AFTER INSERT ON partners WHEN NEW.owner_email <> LOWER(NEW.owner_email) BEGIN
  UPDATE partners SET owner_email = LOWER(owner_email) WHERE id = NEW.id;
END;
CREATE TRIGGER partners_lower_u AFTER UPDATE OF owner_email ON partners WHEN NEW.owner_email <> LOWER(NEW.owner_email) BEGIN
  UPDATE partners SET owner_email = LOWER(owner_email) WHERE id = NEW.id;
END;
CREATE TRIGGER partners_ai AFTER INSERT ON partners BEGIN
  INSERT INTO audit_rows (tab, row_id, what) VALUES ('partners', NEW.id, '+ ' || NEW.account_name);
END;
CREATE TRIGGER partners_leave AFTER UPDATE OF is_active ON partners WHEN OLD.is_active = 1 AND NEW.is_active = 0 BEGIN
  UPDATE contacts SET is_active = 0, deleted_at = NEW.deleted_at WHERE partner_id = NEW.id AND COALESCE(is_active, 1) = 1;
END;
CREATE TRIGGER contacts_frozen BEFORE UPDATE ON contacts WHEN OLD.badge_no = 'FROZEN' BEGIN
  SELECT RAISE(ABORT, 'this contact is frozen by the legal department');
END;
CREATE TRIGGER contacts_ai AFTER INSERT ON contacts BEGIN
  INSERT INTO audit_rows (tab, row_id, what) VALUES ('contacts', NEW.id, '+ ' || NEW.email);
END;
CREATE TRIGGER lms_users_frozen BEFORE UPDATE ON lms_users WHEN OLD.theme = 'frozen' AND OLD.email IS NOT NEW.email BEGIN
  SELECT RAISE(ABORT, 'this address is frozen');
END;
