import { taskStates, type Task } from '@polyreel/core';
import { aTask } from '@polyreel/testkit';
import { describe, expect, it } from 'vitest';
import { aTaskView } from '../../../test/a-task-view.js';
import {
  presentCreated,
  presentList,
  presentMetadata,
  presentQueue,
  presentService,
  presentStatus,
  presentStop,
  presentStopAll,
} from './lightx2v.presenter.js';

const view = (task: Partial<Task> = {}) =>
  aTaskView({ publicId: 'ID', extras: { vocabulary: 'server' }, ...task });

describe('presenter', () => {
  it('creates with the union of both documents', () => {
    expect(presentCreated(view().task)).toEqual({
      task_id: 'ID',
      task_status: 'pending',
      save_result_path: 'ID',
      status: 'submitted',
      message: 'Task created successfully',
    });
  });

  it.each([
    ['queued', 'pending', 'submitted'],
    ['running', 'processing', 'running'],
    ['succeeded', 'completed', 'succeed'],
    ['failed', 'failed', 'failed'],
    ['cancelled', 'cancelled', 'failed'],
  ] as const)('%s is %s to the server, %s to the guide', (state, server, guide) => {
    expect(presentStatus(view({ state }))).toMatchObject({ status: server, task_status: server });
    expect(presentStatus(view({ state, extras: { vocabulary: 'guide' } }))).toMatchObject({
      status: guide,
      task_status: server,
    });
  });

  it('tells what a task waits for, and why it waits again', () => {
    const message = (task: Partial<Task>, over = {}) =>
      presentStatus(aTaskView({ model: 'wan-t2v', ...task }, { queuePosition: 2, ...over })).message;
    expect(message({})).toBe('Waiting, 2 tasks before this one');
    expect(message({}, { engineMissing: true })).toBe('Waiting for an engine with the model wan-t2v');
    expect(message({ attempt: 1, message: 'The engine stopped.' })).toBe(
      'The engine stopped. Waiting, 2 tasks before this one',
    );
    expect(message({ state: 'running', message: 'Step 1 of 4' })).toBe('Step 1 of 4');
  });

  it('lets the reader demand other words', () => {
    const guide = view({ state: 'succeeded', extras: { vocabulary: 'guide' } });
    expect(presentStatus(guide).status).toBe('succeed');
    expect(presentStatus(guide, 'server').status).toBe('completed');
    expect(presentList([guide.task], 'server')).toMatchObject({ ID: { status: 'completed' } });
  });

  it('has exactly the documented keys of both worlds, and ours', () => {
    const original = [
      'task_id',
      'status',
      'start_time',
      'end_time',
      'error',
      'error_type',
      'save_result_path',
    ];
    const listed = [...original, 'task_status', 'error_code', 'progress', 'message'].sort();
    expect(Object.keys(presentList([view().task]).ID!).sort()).toEqual(listed);
    const ours = ['stage', 'queue_position', 'estimated_seconds', 'result_url', 'result_url_expires_at'];
    expect(Object.keys(presentStatus(view())).sort()).toEqual([...listed, ...ours].sort());
  });

  it.each([
    [undefined, 'ID', 'ID.mp4'],
    ['talk', 'talk', 'talk.mp4'],
    ['out/talk.mp4', 'out/talk.mp4', 'out/talk.mp4'],
  ])('calls the result wished as %s %s, then %s', (save_result_path, before, after) => {
    const extras = { ...(save_result_path && { save_result_path }) };
    expect(presentCreated(view({ extras }).task)).toMatchObject({ save_result_path: before });
    expect(presentStatus(view({ extras }))).toMatchObject({ save_result_path: before });
    expect(presentStatus(view({ extras, state: 'succeeded' }))).toMatchObject({ save_result_path: after });
  });

  it('starts at the creation, then at the start of the run', () => {
    const startedAt = new Date('2026-01-01T00:00:09.5Z');
    expect(presentStatus(view({ state: 'running', startedAt })).start_time).toBe(
      '2026-01-01T00:00:09.500000',
    );
  });

  it('tells of the service in exactly the original keys', () => {
    const counts = { queued: 2, running: 1, succeeded: 5, failed: 1, cancelled: 1 };
    expect(presentService(counts, [view().task], 10)).toEqual({
      service_status: 'busy',
      current_task: 'ID',
      active_tasks: ['ID'],
      pending_tasks: 2,
      queue_size: 10,
      total_tasks: 10,
      completed_tasks: 5,
      failed_tasks: 1,
    });
    expect(presentService(counts, [], 10)).toMatchObject({ service_status: 'idle', current_task: null });
    expect(presentMetadata('talker', 2)).toEqual({ nproc_per_node: 2, model_cls: 'talker', model_path: '' });
    expect(presentMetadata('talker', 0).nproc_per_node).toBe(1);
  });

  it('fills error and message for both kinds of clients', () => {
    const failed = view({ state: 'failed', error: { code: 'FACE_NOT_DETECTED', text: 'No face.' } });
    expect(presentStatus(failed)).toMatchObject({
      error: 'No face.',
      message: 'No face.',
      error_type: 'ValueError',
    });
    expect(presentStatus(view({ state: 'cancelled' }))).toMatchObject({ error: 'Task cancelled by user' });
  });

  it('writes times as the original does', () => {
    expect(presentStatus(view())).toMatchObject({ start_time: '2026-01-01T00:00:00.000000', end_time: null });
  });

  it('counts the queue', () => {
    const counts = { queued: 2, running: 1, succeeded: 5, failed: 1, cancelled: 0 };
    expect(presentQueue(counts, view().task, 10)).toEqual({
      is_processing: true,
      current_task: 'ID',
      pending_count: 2,
      active_count: 3,
      queue_size: 10,
      queue_available: 7,
    });
  });

  it.each([
    ['cancelled', undefined, 'success', 'Task stopped successfully.'],
    ['requested', undefined, 'success', 'Task stopped successfully.'],
    ['finished', 'cancelled', 'success', 'Task stopped successfully.'],
    ['finished', 'succeeded', 'do_nothing', 'Task not found or already completed.'],
    ['finished', 'failed', 'do_nothing', 'Task not found or already completed.'],
    ['unknown', undefined, 'do_nothing', 'Task not found or already completed.'],
  ] as const)('stopping: %s, %s', (outcome, state, stop_status, reason) => {
    expect(presentStop(outcome, state && aTask({ state }))).toEqual({ stop_status, reason });
  });

  it('stops all with the words of the original', () => {
    expect(presentStopAll()).toEqual({
      stop_status: 'success',
      reason: 'All tasks stopped successfully.',
    });
  });

  it.each(taskStates)('has words for %s', (state) => {
    expect(presentStatus(view({ state }))).toMatchObject({ message: expect.stringMatching(/./) as string });
  });
});
