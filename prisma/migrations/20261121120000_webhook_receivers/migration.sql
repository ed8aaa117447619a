-- Pending deliveries by receiver (host and port of the URL): senders hop from receiver to receiver, so that a long line
-- of one is never read through on the way to the others. Replaces the index by instant alone.
CREATE INDEX "webhook_delivery_receiver" ON "webhook_delivery" (split_part("url", '/', 3), "next_try_at") WHERE "state" = 'pending';
DROP INDEX "webhook_delivery_pending";

-- Wakes the senders when the end of a task is committed; once, however many end in one statement.
CREATE FUNCTION "announce_webhook_delivery"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('polyreel_webhooks', '');
  RETURN NULL;
END $$;

CREATE TRIGGER "webhook_delivery_announced" AFTER INSERT ON "webhook_delivery" FOR EACH ROW
  EXECUTE FUNCTION "announce_webhook_delivery"();
