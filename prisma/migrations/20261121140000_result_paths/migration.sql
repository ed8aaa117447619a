-- Downloads by the path a client wished for its result. Few tasks have one.
CREATE INDEX "task_result_path" ON "task" ("tenant", "dialect", ("extras" ->> 'save_result_path'), "created_at" DESC)
  WHERE "extras" ->> 'save_result_path' IS NOT NULL;
