import type { Check } from './check.ts';
import { deploys } from './deploys.ts';
import { diagnose } from './diagnose.ts';
import { errors } from './errors.ts';
import { gaps } from './gaps.ts';
import { health } from './health.ts';
import { locks } from './locks.ts';
import { logs } from './logs.ts';
import { operations } from './operations.ts';
import { permissions } from './permissions.ts';
import { probe } from './probe.ts';
import { rate } from './rate.ts';
import { reconstruct } from './reconstruct.ts';
import { schema } from './schema.ts';
import { scope } from './scope.ts';
import { storage } from './storage.ts';

/** Every check, by name, in the runbook's order. */
export const CHECKS: readonly Check[] = [
  scope,
  health,
  errors,
  probe,
  deploys,
  logs,
  locks,
  storage,
  permissions,
  schema,
  diagnose,
  rate,
  gaps,
  operations,
  reconstruct,
];

/** The check of this name. */
export function checkNamed(name: string): Check | undefined {
  return CHECKS.find((check) => check.name === name);
}
