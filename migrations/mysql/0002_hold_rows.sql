-- A hold stands on a row: it follows the row when Impartner makes its record anew under another id.

ALTER TABLE sync_holds ADD COLUMN IF NOT EXISTS row_id BIGINT NULL;
