-- Nothing has used the table so far, so it is made anew: keys count for one route, and go with their task, so that a
-- repeated request never answers with a task nobody can read any more.
DROP TABLE "idempotency_key";

CREATE TABLE "idempotency_key" (
    "tenant" TEXT NOT NULL,
    "route" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" BYTEA NOT NULL,
    "task_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("tenant","route","key")
);

CREATE INDEX "idempotency_key_task_id_idx" ON "idempotency_key"("task_id");
CREATE INDEX "idempotency_key_expires_at_idx" ON "idempotency_key"("expires_at");

ALTER TABLE "idempotency_key" ADD CONSTRAINT "idempotency_key_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "task"("id") ON DELETE CASCADE ON UPDATE CASCADE;
