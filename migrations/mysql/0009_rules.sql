-- The filters as they were accepted, newest last; rows are only ever added (docs/rules.md, "Accepted rules").

CREATE TABLE IF NOT EXISTS sync_rules (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  filters LONGTEXT NOT NULL,
  operator VARCHAR(255) NOT NULL,
  reason TEXT NOT NULL,
  accepted_at DATETIME(6) NOT NULL,
  run_id BIGINT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
