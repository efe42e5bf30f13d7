import { expect, test } from 'vitest';
import { z } from 'zod';
import { PUBLIC_PATHS, readYaml, settingsOf, startCommand } from '#harness/deployment.ts';

/** The parts of the app specification that the file uses, strictly: a misspelled key is refused. */
const seconds = z.number().int().positive();
const check = z.strictObject({
  http_path: z.string().startsWith('/'),
  initial_delay_seconds: seconds,
  period_seconds: seconds,
  timeout_seconds: seconds,
  failure_threshold: seconds,
});
const rule = z.strictObject({
  match: z.strictObject({ path: z.strictObject({ prefix: z.string() }) }),
  component: z.strictObject({ name: z.string(), preserve_path_prefix: z.literal(true) }),
});
const variable = z.strictObject({
  key: z.string(),
  scope: z.literal('RUN_TIME'),
  type: z.literal('SECRET').optional(),
  value: z.string(),
});
const service = z.strictObject({
  name: z.string(),
  github: z.strictObject({ repo: z.string(), branch: z.string(), deploy_on_push: z.boolean() }),
  dockerfile_path: z.literal('Dockerfile'),
  run_command: z.string(),
  http_port: z.number(),
  instance_count: z.number().int(),
  instance_size_slug: z.string().regex(/^apps-[sd]-\dvcpu-\d+gb$/),
  health_check: check,
  liveness_health_check: check,
  termination: z.strictObject({ drain_seconds: seconds.max(110), grace_period_seconds: seconds.max(600) }),
  alerts: z.array(z.strictObject({ rule: z.string(), operator: z.string(), value: z.number(), window: z.string() })),
  envs: z.array(variable),
});
const database = z.strictObject({
  name: z.string(),
  engine: z.literal('PG'),
  production: z.literal(true),
  cluster_name: z.string(),
  db_name: z.string(),
  db_user: z.string(),
});
const spec = z
  .strictObject({
    name: z.string(),
    region: z.string(),
    alerts: z.array(z.strictObject({ rule: z.string() })),
    databases: z.tuple([database]),
    ingress: z.strictObject({ rules: z.array(rule) }),
    services: z.tuple([service]),
  })
  .parse(readYaml('deploy/app-platform/app.yaml'));
const [bot] = spec.services;
const [store] = spec.databases;

test('the bot starts with the settings of the specification', () => {
  const bound: Readonly<Record<string, string>> = {
    [`\${${store.name}.DATABASE_URL}`]: 'postgresql://gapwatch:x@store.example:25060/gapwatch?sslmode=require',
    [`\${${store.name}.CA_CERT}`]: '-----BEGIN CERTIFICATE-----',
    '${APP_URL}': 'https://gapwatch.example',
  };
  const environment = Object.fromEntries(bot.envs.map(({ key, value }) => [key, bound[value] ?? value]));
  expect(Object.values(environment).filter((value) => value.includes('${'))).toEqual([]);
  expect(settingsOf(environment, ['STORE_CA'])).toMatchObject({ CA_FILE: '/tmp/store-ca.pem', PUBLIC_URL: 'https://gapwatch.example' });
});

test('every setting that holds a secret is kept as one', () => {
  const secret = /TOKEN|SECRET$|SMTP_URL|AUDIT_DATABASE_URL/;
  for (const { key, type } of bot.envs) expect([key, type]).toEqual([key, secret.test(key) ? 'SECRET' : undefined]);
});

test('it starts as npm start does, after the CA’s file is written', () => {
  expect(bot.run_command).toBe(`sh -c 'printf "%s\\n" "$STORE_CA" > /tmp/store-ca.pem && exec ${startCommand().join(' ')}'`);
});

test('two instances; from outside only the public paths are reached', () => {
  expect(bot.instance_count).toBe(2);
  expect(spec.ingress.rules.map(({ match }) => match.path.prefix).toSorted()).toEqual(PUBLIC_PATHS);
  for (const { component } of spec.ingress.rules) expect(component.name).toBe(bot.name);
});
