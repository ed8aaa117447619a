-- Ended tasks by their end: what retention removes, oldest first.
CREATE INDEX "task_ended" ON "task" ("finished_at") WHERE "state" IN ('succeeded', 'failed', 'cancelled');
