-- Tasks that were started more than once, counted by endpoint. They are few.
CREATE INDEX "task_retried" ON "task" ("tenant", "dialect", "endpoint") WHERE "attempt" > 1;
