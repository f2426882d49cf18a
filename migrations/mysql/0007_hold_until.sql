-- A hold may end by itself: the last day on which it holds, as YYYY-MM-DD in UTC.

ALTER TABLE sync_holds ADD COLUMN IF NOT EXISTS until_day VARCHAR(10) NULL;
