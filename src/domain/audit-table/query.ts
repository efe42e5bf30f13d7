import type { Operation } from '#domain/base/policy.ts';
import type { Milliseconds } from '#domain/base/time.ts';
import type { Rows, Sql } from './sql.ts';
import type { WriterSession } from './writer-session.ts';

/**
 * What a check asks, as data. A service carries it out and returns rows, which the check's own schema reads. `together` lets several
 * programs speak at the same time; `say` tells people how far the check is; both return no rows.
 */
export type Query =
  | { readonly kind: 'read'; readonly sql: Sql }
  | { readonly kind: 'writer'; readonly session: WriterSession<void> }
  | { readonly kind: 'health' }
  | { readonly kind: 'errors'; readonly since: Milliseconds }
  | { readonly kind: 'commits'; readonly since: Date; readonly paths: readonly string[] }
  | { readonly kind: 'deployments' }
  | { readonly kind: 'application-logs' }
  | { readonly kind: 'disk' }
  | { readonly kind: 'operation'; readonly operation: Operation }
  | { readonly kind: 'wait'; readonly length: Milliseconds }
  | { readonly kind: 'together'; readonly within: Milliseconds; readonly programs: readonly CheckProgram<void>[] }
  | { readonly kind: 'say'; readonly line: string };

/** A program asks, is given rows, and returns its answer in the end. What gets no answer is thrown into it as {@link Unanswered}. */
export type CheckProgram<Answer> = Generator<Query, Answer, Rows>;

/** What was asked got no answer; the message says why, in words for people and without an identity. */
export class Unanswered extends Error {
  override readonly name: string = 'Unanswered';
}

/** What was asked needs settings that are absent. */
export class NotConfigured extends Unanswered {
  override readonly name = 'NotConfigured';

  readonly settings: readonly string[];

  constructor(settings: readonly string[]) {
    super(`not configured: set ${settings.join(', ')}`);
    this.settings = settings;
  }
}

/** Runs one statement as the read-only role. */
export function* query(sql: Sql): CheckProgram<Rows> {
  return yield { kind: 'read', sql };
}

/** Runs a program of plain statements as the read-only role. A statement without an answer is thrown into it. */
export function* queryAll<Answer>(questions: Generator<Sql, Answer, Rows>): CheckProgram<Answer> {
  let step = questions.next();
  while (!step.done) {
    const answered = yield* tryQuery(query(step.value));
    step = 'answer' in answered ? questions.next(answered.answer) : questions.throw(new Unanswered(answered.why));
  }
  return step.value;
}

/** What a program returned, or why it got no answer: for checks that have more than one source. */
export type QueryOutcome<Answer> = { readonly answer: Answer } | { readonly why: string; readonly error: Unanswered };

/** Runs a program; when it gets no answer, that is a value. */
export function* tryQuery<Answer>(program: CheckProgram<Answer>): CheckProgram<QueryOutcome<Answer>> {
  try {
    return { answer: yield* program };
  } catch (error) {
    if (error instanceof Unanswered) return { why: error.message, error };
    throw error;
  }
}

/** Runs a session as the writer. Throws `NotConfigured` into the program where there is no writer. */
export function* asWriter<Answer>(session: WriterSession<Answer>): CheckProgram<Answer> {
  const ended: { answer: Answer }[] = [];
  function* recorded(): WriterSession<void> {
    ended.push({ answer: yield* session });
  }
  yield { kind: 'writer', session: recorded() };
  const [first] = ended;
  if (first === undefined) throw new TypeError('the session of the writer did not come to its end');
  return first.answer;
}
