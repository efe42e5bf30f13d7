import type { Rows, Sql } from './sql.ts';

/**
 * What a check asks, as data: a statement for the read-only role, an INSERT that the writer's role tries and undoes, or the
 * application's health endpoint. A service carries it out and answers rows; for the last two, one that their schema reads.
 */
export type Ask =
  | { readonly kind: 'read'; readonly sql: Sql }
  | { readonly kind: 'probe'; readonly insert: Sql }
  | { readonly kind: 'health' };

/** A dialogue: asks, is given rows, and answers in the end. */
export type Dialogue<Answer> = Generator<Ask, Answer, Rows>;

/** Asks one statement of the read-only role. */
export function* read(sql: Sql): Dialogue<Rows> {
  return yield { kind: 'read', sql };
}

/** Lets a dialogue of plain statements speak as the read-only role. */
export function* reading<Answer>(questions: Generator<Sql, Answer, Rows>): Dialogue<Answer> {
  let step = questions.next();
  while (!step.done) step = questions.next(yield { kind: 'read', sql: step.value });
  return step.value;
}
