-- Credentials a client gave for one task, encrypted by the API; the key is in no database.
ALTER TABLE "task" ADD COLUMN "sealed_secrets" TEXT;
CREATE INDEX "task_sealed" ON "task" ("deadline") WHERE "sealed_secrets" IS NOT NULL;
