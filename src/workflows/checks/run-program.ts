import { setTimeout as sleep } from 'node:timers/promises';
import { type CheckProgram, NotConfigured, type Query, Unanswered } from '#domain/audit-table/query.ts';
import type { Rows } from '#domain/audit-table/sql.ts';
import type { Milliseconds } from '#domain/base/time.ts';
import { ServiceFailure } from '#services/failure.ts';
import { needsSession } from '#services/operations.ts';
import type { AppContext, Optional } from '#workflows/context.ts';

/** What a check works with. */
export type CheckAppContext = Pick<AppContext, 'auditDatabase' | 'auditTable' | 'policy' | 'now' | 'sources'>;

/** How a check is watched while it runs: what it says is passed on, and the answer is who has stopped it, if anybody has. */
export type Listener = (line: string) => Promise<string | null>;

/**
 * Carries out what a program asks, until it answers. What gets no answer in time, is not configured or fails is thrown into the
 * program as {@link Unanswered}, and so is everything once a person has stopped it: it then ends with what it knows.
 */
export function runProgram<Answer>(
  context: CheckAppContext,
  program: CheckProgram<Answer>,
  within: Milliseconds,
  listen: Listener,
): Promise<Answer> {
  return carryOn({ context, listen, stopped: { by: null } }, program, performance.now() + within);
}

type Run = { readonly context: CheckAppContext; readonly listen: Listener; readonly stopped: { by: string | null } };

async function carryOn<Answer>(run: Run, program: CheckProgram<Answer>, until: number): Promise<Answer> {
  let step = program.next();
  while (!step.done) {
    step = await carryOut(run, step.value, until).then(
      (rows) => program.next(rows),
      (error: unknown) => program.throw(unanswered(error)),
    );
  }
  return step.value;
}

function unanswered(error: unknown): unknown {
  return error instanceof ServiceFailure ? new Unanswered(error.message, { cause: error }) : error;
}

async function carryOut(run: Run, ask: Query, until: number): Promise<Rows> {
  const { context, listen, stopped } = run;
  const left = until - performance.now();
  if (ask.kind === 'say') {
    stopped.by ??= await listen(ask.line);
    return [];
  }
  if (ask.kind === 'together') {
    const end = Math.min(until, performance.now() + ask.within);
    await Promise.all(ask.programs.map((program) => carryOn(run, program, end)));
    return [];
  }
  if (stopped.by !== null) throw new Unanswered(`stopped by ${stopped.by}`);
  if (left <= 0) throw new Unanswered('the check took too long and was stopped');
  return answer(context, ask, left);
}

async function answer(context: CheckAppContext, ask: Exclude<Query, { kind: 'say' | 'together' }>, left: Milliseconds): Promise<Rows> {
  const { sources } = context;
  switch (ask.kind) {
    case 'read':
      return context.auditDatabase.read(ask.sql, left);
    case 'writer':
      await use(sources.auditWriter).run(ask.session);
      return [];
    case 'health':
      return [await use(sources.health).ask()];
    case 'errors':
      return use(sources.sentry).recentIssues(ask.since);
    case 'commits':
      return use(sources.github).commits(ask.since, ask.paths);
    case 'deployments':
      return use(sources.app).deployments();
    case 'application-logs':
      return [await use(sources.app).logs()];
    case 'disk':
      return [await use(sources.cluster).disk()];
    case 'operation':
      if (needsSession(ask.operation)) use(sources.session);
      return [await sources.operations.send(ask.operation)];
    case 'wait':
      await sleep(Math.min(ask.length, left));
      return [];
    default:
      return ask satisfies never;
  }
}

function use<Service>(optional: Optional<Service>): Service {
  if ('missing' in optional) throw new NotConfigured(optional.missing);
  return optional.service;
}
