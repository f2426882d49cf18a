-- A group that is gone from the LMS stays as a row, with whatever else a portal keeps of it, and is marked.

ALTER TABLE lms_groups ADD COLUMN IF NOT EXISTS deleted_at DATETIME(6) NULL;
