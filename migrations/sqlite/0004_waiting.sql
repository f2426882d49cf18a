-- Contacts that wait for a partner, and the account that each names (docs/rules.md, "Matching").

CREATE TABLE IF NOT EXISTS sync_waiting (
  impartner_id INTEGER NOT NULL PRIMARY KEY,
  account_id INTEGER NULL,
  account_name TEXT NULL,
  since DATETIME NOT NULL
);
