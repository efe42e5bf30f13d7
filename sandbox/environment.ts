import type { Clinic } from './clinic.ts';
import type { MailStandIn } from './stand-ins/mail.ts';
import type { PagerDutyStandIn } from './stand-ins/pagerduty/pagerduty.ts';
import type { SlackStandIn } from './stand-ins/slack/slack.ts';

/** What surrounds a sandbox bot. */
export type Surroundings = {
  readonly clinic: Clinic;
  readonly slack: SlackStandIn;
  readonly pagerduty: PagerDutyStandIn;
  readonly mail: MailStandIn;
  readonly reportsFolder: string;
};

/** The settings with which the bot lives in a sandbox; where its store lies is left to the caller. */
export function sandboxEnvironment({ clinic, slack, pagerduty, mail, reportsFolder }: Surroundings): Readonly<Record<string, string>> {
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
    AUDIT_DATABASE_URL: clinic.readerUrl,
    AUDIT_WRITER_DATABASE_URL: clinic.applicationUrl,
    SMTP_URL: mail.url,
    MAIL_FROM: 'gapwatch@clinic.example',
    PRIVACY_OFFICER_EMAIL: 'privacy@clinic.example',
    REPORTS_DIR: reportsFolder,
  };
}
