import type { Clinic } from './clinic/clinic.ts';
import { type DigitalOceanStandIn, startDigitalOcean } from './stand-ins/digitalocean.ts';
import { type GitHubStandIn, startGitHub } from './stand-ins/github.ts';
import { type MailStandIn, startMail } from './stand-ins/mail.ts';
import { type PagerDutyStandIn, startPagerDuty } from './stand-ins/pagerduty/pagerduty.ts';
import { type S3StandIn, startS3 } from './stand-ins/s3.ts';
import { type SentryStandIn, startSentry } from './stand-ins/sentry.ts';
import { type SlackStandIn, startSlack } from './stand-ins/slack/slack.ts';

/** The services around a sandbox bot. */
export type StandIns = {
  readonly slack: SlackStandIn;
  readonly pagerduty: PagerDutyStandIn;
  readonly mail: MailStandIn;
  readonly sentry: SentryStandIn;
  readonly github: GitHubStandIn;
  readonly digitalocean: DigitalOceanStandIn;
  readonly s3: S3StandIn;
};

/** Starts every stand-in. `now` stamps what they make. */
export async function startStandIns(now: () => number): Promise<StandIns> {
  const [slack, pagerduty, mail] = await Promise.all([startSlack(now), startPagerDuty(now), startMail()]);
  const [sentry, github, digitalocean, s3] = await Promise.all([startSentry(now), startGitHub(), startDigitalOcean(now), startS3()]);
  return { slack, pagerduty, mail, sentry, github, digitalocean, s3 };
}

/** Stops every stand-in. */
export async function closeStandIns({ slack, pagerduty, mail, sentry, github, digitalocean, s3 }: StandIns): Promise<void> {
  await Promise.all([slack, pagerduty, mail, sentry, github, digitalocean, s3].map((each) => each.close()));
}

/** What surrounds a sandbox bot. */
type Surroundings = StandIns & { readonly clinic: Clinic; readonly reportsFolder: string };

/** The settings with which the bot lives in a sandbox; where its store lies is left to the caller. */
export function sandboxEnvironment({
  clinic,
  slack,
  pagerduty,
  mail,
  reportsFolder,
  ...outside
}: Surroundings): Readonly<Record<string, string>> {
  return {
    PORT: '0',
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_SIGNING_SECRET: slack.signingSecret,
    SLACK_CHANNEL: '#incidents',
    SLACK_API_URL: slack.apiUrl,
    PAGERDUTY_API_TOKEN: pagerduty.token,
    PAGERDUTY_FROM_EMAIL: 'gapwatch@clinic.example',
    PAGERDUTY_WEBHOOK_SECRET: pagerduty.webhookSecret,
    PAGERDUTY_API_URL: pagerduty.apiUrl,
    PAGERDUTY_ROUTING_KEY: pagerduty.routingKey,
    PAGERDUTY_EVENTS_URL: pagerduty.apiUrl,
    AUDIT_DATABASE_URL: clinic.readerUrl,
    AUDIT_WRITER_DATABASE_URL: clinic.applicationUrl,
    SENTRY_AUTH_TOKEN: outside.sentry.token,
    SENTRY_ORG: 'clinic',
    SENTRY_PROJECT: 'patient-portal',
    SENTRY_URL: outside.sentry.url,
    GITHUB_TOKEN: outside.github.token,
    GITHUB_REPOSITORY: outside.github.repository,
    GITHUB_API_URL: outside.github.url,
    DIGITALOCEAN_TOKEN: outside.digitalocean.token,
    DIGITALOCEAN_APP_ID: outside.digitalocean.appId,
    DIGITALOCEAN_DB_CLUSTER_ID: outside.digitalocean.clusterId,
    DIGITALOCEAN_API_URL: outside.digitalocean.url,
    ARCHIVE_S3_BUCKET: outside.s3.bucket,
    ARCHIVE_PGP_PUBLIC_KEY_FILE: outside.s3.publicKeyFile,
    AWS_ACCESS_KEY_ID: outside.s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: outside.s3.secretAccessKey,
    AWS_ENDPOINT_URL_S3: outside.s3.url,
    SMTP_URL: mail.url,
    MAIL_FROM: 'gapwatch@clinic.example',
    PRIVACY_OFFICER_EMAIL: 'privacy@clinic.example',
    REPORTS_DIR: reportsFolder,
  };
}
