import type { Check } from './check.ts';
import { diagnose } from './diagnose.ts';
import { gaps } from './gaps.ts';
import { health } from './health.ts';
import { locks } from './locks.ts';
import { permissions } from './permissions.ts';
import { probe } from './probe.ts';
import { rate } from './rate.ts';
import { schema } from './schema.ts';
import { scope } from './scope.ts';

/** Every check, by name, in the runbook's order. */
export const CHECKS: readonly Check[] = [scope, health, probe, locks, permissions, schema, diagnose, rate, gaps];

/** The check of this name. */
export function checkNamed(name: string): Check | undefined {
  return CHECKS.find((check) => check.name === name);
}
