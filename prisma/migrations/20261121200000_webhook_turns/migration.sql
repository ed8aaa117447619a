-- One row for each receiver that is owed messages, so that senders find the longest due receivers without hopping over
-- all the others. `due_at` is never later than the next try of any pending delivery to it; it may be earlier, until a
-- sender looks there and finds nothing.
CREATE TABLE "webhook_receiver" (
    "name" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(6) NOT NULL,
    "changes" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "webhook_receiver_pkey" PRIMARY KEY ("name")
);

CREATE INDEX "webhook_receiver_due_at_idx" ON "webhook_receiver"("due_at");

INSERT INTO "webhook_receiver" ("name", "due_at")
  SELECT split_part("url", '/', 3), min("next_try_at") FROM "webhook_delivery" WHERE "state" = 'pending' GROUP BY 1;

-- Counts every change: a sender that looked at the receiver before may not say afterwards that nothing is due there.
-- In the order of names, so that two statements about many receivers cannot wait for each other.
CREATE FUNCTION "call_webhook_receiver"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO webhook_receiver AS r (name, due_at)
    SELECT split_part(url, '/', 3), min(next_try_at) FROM written WHERE state = 'pending' GROUP BY 1 ORDER BY 1
    ON CONFLICT (name) DO UPDATE SET due_at = least(r.due_at, excluded.due_at), changes = r.changes + 1;
  RETURN NULL;
END $$;

CREATE TRIGGER "webhook_delivery_added" AFTER INSERT ON "webhook_delivery" REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION "call_webhook_receiver"();
CREATE TRIGGER "webhook_delivery_moved" AFTER UPDATE ON "webhook_delivery" REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION "call_webhook_receiver"();
