-- CreateTable
CREATE TABLE "task" (
    "id" UUID NOT NULL,
    "public_id" TEXT NOT NULL,
    "tenant" TEXT NOT NULL,
    "dialect" TEXT NOT NULL,
    "endpoint" TEXT NOT NULL DEFAULT '',
    "kind" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "parameters" JSON NOT NULL,
    "request" JSON NOT NULL,
    "extras" JSON NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "stage" TEXT,
    "progress" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "step" INTEGER NOT NULL DEFAULT 0,
    "steps" INTEGER NOT NULL DEFAULT 0,
    "chunk" INTEGER NOT NULL DEFAULT 0,
    "chunks" INTEGER NOT NULL DEFAULT 0,
    "message" TEXT NOT NULL DEFAULT '',
    "error_code" TEXT,
    "error_text" TEXT,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "max_attempts" INTEGER NOT NULL,
    "attempts_per_run" INTEGER NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(6),
    "cancel_requested_at" TIMESTAMPTZ(6),
    "not_before" TIMESTAMPTZ(6),
    "delivered_at" TIMESTAMPTZ(6),
    "ttl_seconds" DOUBLE PRECISION,
    "deadline" TIMESTAMPTZ(6),
    "execution_timeout_seconds" DOUBLE PRECISION,
    "webhook_url" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(6),
    "finished_at" TIMESTAMPTZ(6),

    CONSTRAINT "task_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "asset" (
    "id" BIGSERIAL NOT NULL,
    "task_id" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "object_key" TEXT,
    "source_url" TEXT,
    "file_name" TEXT,
    "media_type" TEXT,
    "bytes" BIGINT,
    "sha256" TEXT,
    "facts" JSON,

    CONSTRAINT "asset_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "task_event" (
    "id" BIGSERIAL NOT NULL,
    "task_id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "detail" TEXT NOT NULL DEFAULT '',
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "task_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tenant" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "queue_limit" INTEGER,
    "disabled_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" UUID NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "scopes" TEXT[],
    "settings" JSON NOT NULL DEFAULT '{}',
    "expires_at" TIMESTAMPTZ(6),
    "revoked_at" TIMESTAMPTZ(6),
    "last_used_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "endpoint" (
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "defaults" JSON NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "endpoint_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "engine" (
    "address" TEXT NOT NULL,
    "engine" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "models" JSON NOT NULL,
    "device" TEXT NOT NULL,
    "slots" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "last_seen_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "engine_pkey" PRIMARY KEY ("address")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "task_id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "tries" INTEGER NOT NULL DEFAULT 0,
    "next_try_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_status" INTEGER,
    "last_error" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "delivered_at" TIMESTAMPTZ(6),

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_key" (
    "tenant" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" BYTEA NOT NULL,
    "task_id" UUID,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("tenant","key")
);

-- CreateIndex
CREATE INDEX "task_tenant_dialect_created_at_id_idx" ON "task"("tenant", "dialect", "created_at", "id");

-- CreateIndex
CREATE INDEX "task_tenant_dialect_endpoint_state_idx" ON "task"("tenant", "dialect", "endpoint", "state");

-- CreateIndex
CREATE UNIQUE INDEX "task_tenant_public_id_key" ON "task"("tenant", "public_id");

-- CreateIndex
CREATE UNIQUE INDEX "asset_task_id_role_key" ON "asset"("task_id", "role");

-- CreateIndex
CREATE INDEX "task_event_task_id_id_idx" ON "task_event"("task_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_hash_key" ON "api_key"("hash");

-- CreateIndex
CREATE INDEX "api_key_tenant_id_idx" ON "api_key"("tenant_id");

-- CreateIndex
CREATE INDEX "engine_last_seen_at_idx" ON "engine"("last_seen_at");

-- CreateIndex
CREATE INDEX "webhook_delivery_task_id_idx" ON "webhook_delivery"("task_id");

-- CreateIndex
CREATE INDEX "idempotency_key_expires_at_idx" ON "idempotency_key"("expires_at");

-- AddForeignKey
ALTER TABLE "asset" ADD CONSTRAINT "asset_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "task"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_event" ADD CONSTRAINT "task_event_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "task"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "task"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What follows cannot be said in schema.prisma.

-- Closed words. Text with a check rather than enum types: a new word is one short ALTER, and old and new processes can share the table.
ALTER TABLE "task" ADD CONSTRAINT "task_state_known" CHECK ("state" IN ('queued', 'running', 'succeeded', 'failed', 'cancelled'));
ALTER TABLE "task" ADD CONSTRAINT "task_kind_known" CHECK ("kind" IN ('talk', 'lipsync', 't2v', 'i2v'));
ALTER TABLE "task" ADD CONSTRAINT "task_stage_known" CHECK ("stage" IN ('fetching', 'loading', 'generating', 'encoding', 'uploading'));
ALTER TABLE "task" ADD CONSTRAINT "task_progress_range" CHECK ("progress" BETWEEN 0 AND 1);

-- What must hold together in each state.
ALTER TABLE "task" ADD CONSTRAINT "task_running_has_lease" CHECK (("state" = 'running') = ("lease_until" IS NOT NULL));
ALTER TABLE "task" ADD CONSTRAINT "task_running_has_stage" CHECK (("state" = 'running') = ("stage" IS NOT NULL));
ALTER TABLE "task" ADD CONSTRAINT "task_ended_has_end" CHECK (("state" IN ('succeeded', 'failed', 'cancelled')) = ("finished_at" IS NOT NULL));
ALTER TABLE "task" ADD CONSTRAINT "task_failed_has_error" CHECK (("state" = 'failed') = ("error_code" IS NOT NULL));
ALTER TABLE "asset" ADD CONSTRAINT "asset_has_source" CHECK ("object_key" IS NOT NULL OR "source_url" IS NOT NULL);
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_state_known" CHECK ("state" IN ('pending', 'delivered', 'abandoned'));

-- Beats rewrite running rows every few seconds; room in the page keeps them out of the indexes (HOT updates).
ALTER TABLE "task" SET (fillfactor = 85);

-- The line of waiting tasks, per tenant in the tenant's own order.
CREATE INDEX "task_queued" ON "task" ("tenant", "priority" DESC, "created_at", "id") WHERE "state" = 'queued';
-- Handed to the queue and not yet claimed.
CREATE INDEX "task_delivered" ON "task" ("delivered_at") WHERE "state" = 'queued' AND "delivered_at" IS NOT NULL;
-- Sweeps by lease and counts per tenant. The lease itself stays out, so that a beat touches no index.
CREATE INDEX "task_running" ON "task" ("tenant") WHERE "state" = 'running';
CREATE INDEX "task_unfinished" ON "task" ("tenant") WHERE "state" IN ('queued', 'running');
CREATE INDEX "task_deadline" ON "task" ("deadline") WHERE "state" IN ('queued', 'running') AND "deadline" IS NOT NULL;
-- Past runs, for the estimate of the next.
CREATE INDEX "task_succeeded" ON "task" ("kind", "model", "finished_at" DESC) WHERE "state" = 'succeeded';
CREATE INDEX "webhook_delivery_pending" ON "webhook_delivery" ("next_try_at") WHERE "state" = 'pending';

-- The last wall behind the rule that an ended task stays what it is. Only a failed one may be queued again, by a retry.
CREATE FUNCTION "refuse_change_of_ended_task"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'task % has ended as % and cannot become %', OLD.id, OLD.state, NEW.state
    USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER "task_ended_stays" BEFORE UPDATE OF "state" ON "task" FOR EACH ROW
  WHEN (OLD.state IN ('succeeded', 'failed', 'cancelled') AND NEW.state <> OLD.state AND NOT (OLD.state = 'failed' AND NEW.state = 'queued'))
  EXECUTE FUNCTION "refuse_change_of_ended_task"();
