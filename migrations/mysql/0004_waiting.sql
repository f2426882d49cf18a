-- Contacts that wait for a partner, and the account that each names (docs/rules.md, "Matching").

CREATE TABLE IF NOT EXISTS sync_waiting (
  impartner_id BIGINT NOT NULL PRIMARY KEY,
  account_id BIGINT NULL,
  account_name TEXT NULL,
  since DATETIME(6) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
