import type { TaskErrorCode } from '@polyreel/core';
import type {
  ApiError,
  ApiErrorCode,
  DialectErrors,
  ErrorContext,
  ErrorReply,
  InputProblem,
  ProblemRule,
} from '../../http/api-error.js';
import type { Language } from '../../http/language.js';
import { languageOf, wordsOf, type Words } from './opea-videos.request.js';

/** Kinds of errors in OpenAI's words. */
type ErrorType =
  'invalid_request_error' | 'authentication_error' | 'not_found_error' | 'rate_limit_error' | 'server_error';

const replies: Record<ApiErrorCode, { status: number | Record<Words, number>; type: ErrorType }> = {
  'invalid-fields': { status: 400, type: 'invalid_request_error' },
  'unreadable-body': { status: 400, type: 'invalid_request_error' },
  'unsupported-content-type': { status: 400, type: 'invalid_request_error' },
  'body-too-large': { status: 413, type: 'invalid_request_error' },
  'rejected-input': { status: 400, type: 'invalid_request_error' },
  unauthorized: { status: 401, type: 'authentication_error' },
  'route-not-found': { status: 404, type: 'not_found_error' },
  'method-not-allowed': { status: 405, type: 'invalid_request_error' },
  'unknown-task': { status: 404, type: 'not_found_error' },
  'result-not-ready': { status: 404, type: 'not_found_error' },
  // To OpenAI's SDKs a running job that has not stopped yet; they try 409 again by themselves.
  'wrong-state': { status: { opea: 400, openai: 409 }, type: 'invalid_request_error' },
  'duplicate-task': { status: 409, type: 'invalid_request_error' },
  'idempotency-key-reused': { status: 422, type: 'invalid_request_error' },
  'queue-full': { status: 429, type: 'rate_limit_error' },
  'range-not-satisfiable': { status: 416, type: 'invalid_request_error' },
  unavailable: { status: 503, type: 'server_error' },
  internal: { status: 500, type: 'server_error' },
};

/** Failures after which a create may have taken effect all the same: another try could make a second job. */
const ambiguous: readonly ApiErrorCode[] = ['internal', 'unavailable'];

/** Chinese for what is wrong with a field; the document says "parameter" of all of them. */
const chineseRules: Record<ProblemRule, string> = {
  missing: '参数必须提供。',
  'unknown-field': '参数未知。',
  string: '参数必须是字符串。',
  integer: '参数必须是整数。',
  number: '参数必须是数字。',
  boolean: '参数必须是布尔值。',
  list: '参数必须是列表。',
  object: '参数必须是对象。',
  file: '参数必须是文件。',
  choice: '参数的值不在允许的选项之中。',
  'too-small': '参数小于允许的最小值。',
  'too-large': '参数超出允许的范围。',
  'too-short': '参数过短。',
  'too-long': '参数过长或数量过多。',
  conflict: '参数的值无效。',
};

const chineseTaskErrors: Record<TaskErrorCode, string> = {
  INVALID_INPUT: '输入或参数无法使用。',
  UNSUPPORTED_MEDIA: '文件不是本服务器可读取的图像、视频或音频。',
  INPUT_UNREACHABLE: '无法从给定的 URL 获取输入文件。',
  INPUT_TOO_LARGE: '输入文件超过本服务器允许的大小。',
  FACE_NOT_DETECTED: '参考图像中未检测到人脸。',
  AUDIO_TOO_SHORT: '提供的音频文件时长无效。',
  OUT_OF_MEMORY: '设备内存不足，请减小尺寸或帧数。',
  ENGINE_UNAVAILABLE: '引擎目前不接受作业。',
  ENGINE_LOST: '引擎或工作进程在作业中途停止。',
  UPLOAD_FAILED: '结果无法保存。',
  EXECUTION_TIMEOUT: '作业超过了允许的运行时间。',
  EXPIRED: '作业在队列中等待的时间过长。',
  CANCELLED: '作业已取消。',
  INTERNAL: '作业因内部错误而失败。',
};

/** Why a task failed, for people. English keeps the text of the failure itself, which tells more. */
export function taskErrorText(code: TaskErrorCode, text: string, language: Language): string {
  return language === 'zh' ? chineseTaskErrors[code] : text;
}

export const opeaVideosErrors: DialectErrors = (error, context): ErrorReply => {
  const words = wordsOf(context.path, context.headers);
  const { status: statuses, type } = replies[error.code];
  const status = typeof statuses === 'number' ? statuses : statuses[words];
  const message = messageOf(error, languageOf(context.headers));
  const code = String(status);
  const param = error.details.problems?.[0]?.path.join('.') || null;
  return {
    status,
    body: { error: words === 'openai' ? { message, type, param, code } : { message, code } },
    ...(mustNotRepeat(error, context) && { headers: { 'x-should-retry': 'false' } }),
  };
};

/** With an idempotency key another try is harmless. */
function mustNotRepeat(error: ApiError, { method, headers }: ErrorContext): boolean {
  return method === 'POST' && ambiguous.includes(error.code) && headers['idempotency-key'] === undefined;
}

function messageOf(error: ApiError, language: Language): string {
  const { publicId = '', limit, taskError, problems = [] } = error.details;
  const texts: Partial<Record<ApiErrorCode, Record<Language, string>>> = {
    'invalid-fields': {
      en: `Invalid parameter type: ${problems[0] ? englishProblem(problems[0]) : error.message}`,
      zh: `无效的参数类型：${problems[0] ? chineseProblem(problems[0]) : '请求体必须是对象。'}`,
    },
    'rejected-input': {
      en: taskError === 'AUDIO_TOO_SHORT' ? NO_LENGTH : error.message,
      zh: taskError ? chineseTaskErrors[taskError] : '输入无法使用。',
    },
    'unreadable-body': { en: error.message, zh: '请求体格式错误或不完整。' },
    'unsupported-content-type': {
      en: 'Send the request as multipart/form-data or application/json.',
      zh: '请使用 multipart/form-data 或 application/json 发送请求。',
    },
    'body-too-large': { en: error.message, zh: '请求体过大。' },
    unauthorized: { en: error.message, zh: '需要有效的 API 密钥。' },
    'route-not-found': { en: 'Not Found', zh: '路径不存在。' },
    'method-not-allowed': { en: 'Method Not Allowed', zh: '不允许使用该方法。' },
    'unknown-task': { en: `Video with id ${publicId} not found.`, zh: `ID 为 ${publicId} 的视频未找到。` },
    'result-not-ready': {
      en: publicId ? `Video file for id ${publicId} not found.` : error.message,
      zh: `ID 为 ${publicId} 的视频文件未找到。`,
    },
    'wrong-state': {
      en: `Video with id ${publicId} is processing and cannot be deleted.`,
      zh: `ID 为 ${publicId} 的视频正在处理中，无法删除。`,
    },
    'idempotency-key-reused': {
      en: error.message,
      zh: '该 Idempotency-Key 已用于另一个请求，请为新请求使用新的键。',
    },
    'queue-full': {
      en: `The queue is full (${limit} jobs). Try again later.`,
      zh: `队列已满（${limit} 个作业），请稍后重试。`,
    },
    unavailable: { en: error.message, zh: '服务器暂时不可用，请稍后重试。' },
    internal: { en: 'Internal server error.', zh: '内部服务器错误。' },
  };
  return texts[error.code]?.[language] ?? error.message;
}

const NO_LENGTH = 'The provided audio files have non-positive durations.';

/** The media both dialect words need; the original names them together, whichever is missing. */
const isMissingMedia = ({ rule, path }: InputProblem) =>
  rule === 'missing' && (path[0] === 'input_reference' || path[0] === 'audio');

const isSecondsTooSmall = ({ rule, path }: InputProblem) => rule === 'too-small' && path[0] === 'seconds';

/** Longest refused value that is told back. */
const MAX_ECHO = 100;

/** In the original's own sentences where it has one: it is written in Python. */
function englishProblem(problem: InputProblem): string {
  const value = String(problem.value).slice(0, MAX_ECHO);
  if (isMissingMedia(problem)) return "'input_reference' and 'audio' must be provided.";
  if (isSecondsTooSmall(problem)) return "The 'seconds' parameter must be greater than 0.";
  if (problem.path[0] === 'size' && problem.rule === 'conflict')
    return "Invalid size format. Expected 'widthxheight'.";
  if (problem.rule === 'integer') return `invalid literal for int() with base 10: '${value}'`;
  if (problem.rule === 'number') return `could not convert string to float: '${value}'`;
  return problem.message;
}

function chineseProblem(problem: InputProblem): string {
  if (isMissingMedia(problem)) return "必须提供 'input_reference' 和 'audio'。";
  if (isSecondsTooSmall(problem)) return "'seconds' 参数必须大于 0。";
  return `'${problem.path.join('.')}' ${chineseRules[problem.rule]}`;
}
