-- When the engine of a running task expects to have ended.
ALTER TABLE "task" ADD COLUMN "expected_end_at" TIMESTAMPTZ(6);
