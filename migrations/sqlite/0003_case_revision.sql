-- Counts the changes of state of an off-boarding case. A decision or a run that began on an older revision is refused
-- instead of overwriting a newer one, and a run never marks the steps of another approval.

ALTER TABLE offboarding_cases ADD COLUMN IF NOT EXISTS revision BIGINT NOT NULL DEFAULT 0;
