-- See README.md. Zero dates were allowed when this was made.
SET SESSION sql_mode = 'STRICT_TRANS_TABLES';

CREATE TABLE staff (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  login VARCHAR(40) NOT NULL UNIQUE,
  full_name VARCHAR(80) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE partners (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  account_name VARCHAR(120) CHARACTER SET latin1 COLLATE latin1_german1_ci NOT NULL UNIQUE,
  partner_tier VARCHAR(30) NOT NULL DEFAULT 'Registered',
  account_status VARCHAR(20) NOT NULL DEFAULT 'Active',
  account_owner VARCHAR(120) NULL,
  owner_email VARCHAR(120) NULL,
  partner_type VARCHAR(60) NULL DEFAULT 'Reseller',
  salesforce_id CHAR(18) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  website VARCHAR(300) NULL,
  account_region VARCHAR(60) NULL,
  country VARCHAR(60) NULL,
  is_active TINYINT(1) NOT NULL DEFAULT 1,
  deleted_at TIMESTAMP NULL DEFAULT NULL,
  created_at TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00',
  updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  portal_code CHAR(8) NOT NULL DEFAULT 'NEW',
  discount DECIMAL(5,2) NOT NULL DEFAULT 0.00,
  contract_until DATE NOT NULL DEFAULT '0000-00-00',
  manager_id INT UNSIGNED NULL,
  notes TEXT NULL,
  discount_tenths INT AS (discount * 10) STORED,
  CONSTRAINT partners_manager FOREIGN KEY (manager_id) REFERENCES staff (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE contacts (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  partner_id INT UNSIGNED NULL,
  email VARCHAR(190) CHARACTER SET utf8mb3 COLLATE utf8mb3_unicode_ci NOT NULL UNIQUE,
  first_name VARCHAR(60) NOT NULL DEFAULT '',
  last_name VARCHAR(60) NOT NULL DEFAULT '',
  title VARCHAR(80) NULL,
  phone VARCHAR(40) NULL,
  lms_user_id VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  impartner_id BIGINT NULL UNIQUE,
  is_active BIT(1) NULL DEFAULT b'1',
  deleted_at DATETIME NULL,
  created_at DATETIME NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NULL DEFAULT CURRENT_TIMESTAMP,
  badge_no VARCHAR(12) NULL,
  newsletter TINYINT NOT NULL DEFAULT 1,
  password_hash VARCHAR(100) NOT NULL DEFAULT '!',
  last_login TIMESTAMP NULL DEFAULT NULL,
  CONSTRAINT contacts_of_partner FOREIGN KEY (partner_id) REFERENCES partners (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3;

CREATE TABLE lms_users (
  id VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  email VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL UNIQUE,
  first_name VARCHAR(30) NOT NULL DEFAULT '',
  last_name VARCHAR(30) NOT NULL DEFAULT '',
  status VARCHAR(8) NULL,
  synced_at TIMESTAMP NULL DEFAULT NULL,
  theme VARCHAR(20) NOT NULL DEFAULT 'plain'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE lms_groups (
  id VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  name VARCHAR(160) NOT NULL,
  partner_id INT UNSIGNED NULL,
  synced_at TIMESTAMP NULL DEFAULT NULL,
  seats INT NOT NULL DEFAULT 25,
  billing_code VARCHAR(20) NULL,
  opened_on DATE NOT NULL DEFAULT '0000-00-00',
  seats_tenfold INT AS (seats * 10) VIRTUAL,
  CONSTRAINT lms_groups_of_partner FOREIGN KEY (partner_id) REFERENCES partners (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE lms_group_members (
  group_id VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  user_id VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  added_by VARCHAR(40) NOT NULL DEFAULT 'script',
  PRIMARY KEY (group_id, user_id),
  CONSTRAINT members_of_group FOREIGN KEY (group_id) REFERENCES lms_groups (id),
  CONSTRAINT members_are_users FOREIGN KEY (user_id) REFERENCES lms_users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE lms_courses (
  id VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  npcu_value DECIMAL(4,1) NOT NULL DEFAULT 0.0,
  catalogue_no VARCHAR(20) NULL
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE lms_enrollments (
  id VARCHAR(64) CHARACTER SET latin1 NOT NULL PRIMARY KEY,
  user_id VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  course_id VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  status VARCHAR(12) NULL,
  completed_at TIMESTAMP NULL DEFAULT NULL,
  expires_at TIMESTAMP NULL DEFAULT NULL,
  score SMALLINT NULL,
  CONSTRAINT enrollments_of_user FOREIGN KEY (user_id) REFERENCES lms_users (id),
  CONSTRAINT enrollments_of_course FOREIGN KEY (course_id) REFERENCES lms_courses (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

-- What else the portal keeps. Much of it points at the tables above.
CREATE TABLE partner_notes (id INT AUTO_INCREMENT PRIMARY KEY, partner_id INT UNSIGNED NOT NULL, note TEXT NOT NULL,
  FOREIGN KEY (partner_id) REFERENCES partners (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE contact_roles (contact_id BIGINT NOT NULL, role VARCHAR(30) NOT NULL, PRIMARY KEY (contact_id, role),
  FOREIGN KEY (contact_id) REFERENCES contacts (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE group_settings (group_id VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, branding VARCHAR(40) NOT NULL,
  FOREIGN KEY (group_id) REFERENCES lms_groups (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE user_badges (user_id VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, badge VARCHAR(40) NOT NULL,
  FOREIGN KEY (user_id) REFERENCES lms_users (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE certificates (id INT AUTO_INCREMENT PRIMARY KEY, enrollment_id VARCHAR(64) CHARACTER SET latin1 NOT NULL, file VARCHAR(80) NOT NULL,
  FOREIGN KEY (enrollment_id) REFERENCES lms_enrollments (id)) ENGINE=InnoDB DEFAULT CHARSET=latin1;
CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, partner_id INT UNSIGNED NOT NULL, amount DECIMAL(10,2) NOT NULL,
  FOREIGN KEY (partner_id) REFERENCES partners (id)) ENGINE=InnoDB;
CREATE TABLE tickets (id INT AUTO_INCREMENT PRIMARY KEY, contact_id BIGINT NULL, subject VARCHAR(80) NOT NULL,
  FOREIGN KEY (contact_id) REFERENCES contacts (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE settings (name VARCHAR(40) NOT NULL PRIMARY KEY, value TEXT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- Logs of the portal may well be in another engine: they are no concern of ours.
CREATE TABLE page_views (id INT AUTO_INCREMENT PRIMARY KEY, path VARCHAR(200) NOT NULL) ENGINE=MyISAM DEFAULT CHARSET=latin1;
CREATE TABLE audit_rows (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  tab VARCHAR(20) NOT NULL,
  row_id VARCHAR(40) NOT NULL,
  what VARCHAR(400) NOT NULL,
  at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE VIEW active_partners AS SELECT id, account_name, partner_tier FROM partners WHERE is_active = 1;
CREATE VIEW partner_people AS SELECT p.account_name, c.email FROM contacts c JOIN partners p ON p.id = c.partner_id WHERE c.is_active = b'1';
CREATE VIEW seats_taken AS SELECT g.id, g.seats, COUNT(m.user_id) AS taken FROM lms_groups g LEFT JOIN lms_group_members m ON m.group_id = g.id
  GROUP BY g.id, g.seats;

-- Changes what is written.
CREATE TRIGGER partners_bi BEFORE INSERT ON partners FOR EACH ROW BEGIN
  SET NEW.owner_email = LOWER(NEW.owner_email);
  IF NEW.partner_tier = '' THEN SET NEW.partner_tier = 'Registered'; END IF;
END;
CREATE TRIGGER partners_bu BEFORE UPDATE ON partners FOR EACH ROW BEGIN
  SET NEW.owner_email = LOWER(NEW.owner_email);
END;
-- Audit rows.
CREATE TRIGGER partners_ai AFTER INSERT ON partners FOR EACH ROW
  INSERT INTO audit_rows (tab, row_id, what) VALUES ('partners', NEW.id, CONCAT('+ ', NEW.account_name));
-- Audit rows, and who works for a partner that leaves, leaves.
CREATE TRIGGER partners_au AFTER UPDATE ON partners FOR EACH ROW BEGIN
  INSERT INTO audit_rows (tab, row_id, what) VALUES ('partners', NEW.id, CONCAT(OLD.is_active, ' to ', NEW.is_active));
  IF OLD.is_active = 1 AND NEW.is_active = 0 THEN
    UPDATE contacts SET is_active = b'0', deleted_at = NEW.deleted_at WHERE partner_id = NEW.id AND COALESCE(is_active, b'1') = b'1';
  END IF;
END;
-- Refuses a certain row.
CREATE TRIGGER contacts_bu BEFORE UPDATE ON contacts FOR EACH ROW BEGIN
  IF OLD.badge_no = 'FROZEN' THEN
    SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = 'this contact is frozen by the legal department';
  END IF;
END;
CREATE TRIGGER contacts_ai AFTER INSERT ON contacts FOR EACH ROW
  INSERT INTO audit_rows (tab, row_id, what) VALUES ('contacts', NEW.id, CONCAT('+ ', NEW.email));
CREATE TRIGGER contacts_au AFTER UPDATE ON contacts FOR EACH ROW
  INSERT INTO audit_rows (tab, row_id, what) VALUES ('contacts', NEW.id, CONCAT(COALESCE(OLD.is_active + 0, '-'), ' to ', COALESCE(NEW.is_active + 0, '-')));
CREATE TRIGGER lms_users_bu BEFORE UPDATE ON lms_users FOR EACH ROW BEGIN
  IF OLD.theme = 'frozen' AND NOT (OLD.email <=> NEW.email) THEN
    SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = 'this address is frozen';
  END IF;
END;
CREATE TRIGGER lms_users_ai AFTER INSERT ON lms_users FOR EACH ROW
  INSERT INTO audit_rows (tab, row_id, what) VALUES ('lms_users', NEW.id, CONCAT('+ ', NEW.email));
