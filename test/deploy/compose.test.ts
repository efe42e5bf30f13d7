import { DCLinter } from 'dclint';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readEnvironmentFile, readYaml, settingsOf } from '#harness/deployment.ts';

const service = z.looseObject({
  environment: z.record(z.string(), z.string()),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  init: z.boolean().optional(),
  user: z.string().optional(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()),
  profiles: z.array(z.string()).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string(), required: z.boolean() })).optional(),
});
const compose = z
  .object({ name: z.string(), services: z.object({ gapwatch: service, postgres: service }), volumes: z.record(z.string(), z.null()) })
  .parse(readYaml('compose.yaml'));
const { gapwatch, postgres } = compose.services;

const reports = z.array(z.looseObject({ messages: z.array(z.looseObject({ message: z.string() })) }));

test('the linter of Compose files, with the Compose Specification’s schema, has nothing to say', () => {
  // Off: it is built here and named; the order of keys and quotes are a matter of taste.
  const rules = { 'no-build-and-image': 0, 'service-keys-order': 0, 'no-quotes-in-volumes': 0, 'require-quotes-in-ports': 0 } as const;
  const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] });
  const found = reports.parse(linter.lintFiles(['compose.yaml'], false));
  expect(found.flatMap(({ messages }) => messages.map(({ message }) => message))).toEqual([]);
});

test('the bot has a read-only root, no capabilities, an init, and listens for this machine alone', () => {
  expect(gapwatch).toMatchObject({ read_only: true, init: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  expect(gapwatch.tmpfs?.[0]).toMatch(/^\/tmp:/);
  for (const port of gapwatch.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test('without a profile there is no server, and with one the bot waits until it is healthy', () => {
  expect(postgres.profiles).toEqual(['postgres']);
  expect(gapwatch.depends_on).toEqual({ postgres: { condition: 'service_healthy', required: false } });
});

test('its settings are settings, and what it writes lies on its volume', () => {
  const settings = settingsOf({
    ...readEnvironmentFile('.env.example'),
    ...readEnvironmentFile('deploy/kubernetes/example/settings.env'),
    ...gapwatch.environment,
  });
  expect(settings).toMatchObject({ HOST: '0.0.0.0', PORT: 3000 });
  expect(gapwatch.volumes).toContain('gapwatch:/var/lib/gapwatch');
  for (const path of [settings.GAPWATCH_DATA_DIR, settings.REPORTS_DIR]) expect(path).toMatch(/^\/var\/lib\/gapwatch\//);
});
