-- What a succeeded task was, in megapixels, frames and steps: the estimates of later ones rest on it.
ALTER TABLE "task" ADD COLUMN "work" JSON;

-- The line of waiting tasks, now with what is needed to count those of one engine without looking at the tasks themselves.
DROP INDEX "task_queued";
CREATE INDEX "task_queued" ON "task" ("tenant", "priority" DESC, "created_at", "id") INCLUDE ("kind", "model") WHERE "state" = 'queued';
