import { z } from 'zod';
import { type Check, takesNone } from './check.ts';
import { API_SERVER_DOWN, CHECK_SCOPE, TEST_A_WRITE } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** Runbook step 3: what does the application's own health endpoint say of its audit log? */
export const health: Check = {
  name: 'health',
  step: '§3',
  help: "what the application's health endpoint says of its audit log",
  refuse: takesNone('health'),
  ask: function* () {
    const [row] = yield { kind: 'health' };
    return healthVerdict(healthAnswerSchema.parse(row));
  },
};

/** What the endpoint answered: a body whatever its status, or no answer and why. */
export const healthAnswerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('answered'), status: z.number(), milliseconds: z.number(), body: z.string() }),
  z.object({ kind: z.literal('silent'), text: z.string() }),
]);
export type HealthAnswer = z.infer<typeof healthAnswerSchema>;

const bodySchema = z.object({ checks: z.object({ audit: z.string() }) });
const GOOD: ReadonlySet<string> = new Set(['active', 'healthy']);

/** `.checks.audit` decides, whatever the HTTP status; where it is absent the verdict is unknown, never ok. */
export function healthVerdict(answer: HealthAnswer): Verdict {
  if (answer.kind === 'silent') {
    return {
      level: 'critical',
      evidence: `The application's health endpoint does not answer: ${answer.text}.`,
      figures: [],
      ...API_SERVER_DOWN,
    };
  }
  const figures = [
    { name: 'HTTP status', value: String(answer.status) },
    { name: 'Answered in', value: `${Math.round(answer.milliseconds)} ms` },
  ];
  const audit = bodySchema.safeParse(parseJson(answer.body)).data?.checks.audit;
  if (audit === undefined) {
    return {
      level: 'unknown',
      evidence: 'The health endpoint says nothing of the audit log (no .checks.audit).',
      figures,
      ...TEST_A_WRITE,
    };
  }
  if (GOOD.has(audit))
    return {
      level: 'ok',
      evidence: `The application says its audit log is ${audit}.`,
      figures,
      ...CHECK_SCOPE,
    };
  if (audit === 'failing')
    return { level: 'critical', evidence: 'The application says its audit log is failing.', figures, ...TEST_A_WRITE };
  return {
    level: 'unknown',
    evidence: 'The application says something of its audit log that the runbook does not name.',
    figures,
    ...TEST_A_WRITE,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
