import { z } from 'zod';
import { email, httpUrl, mailbox, mailboxes, nonEmpty, type SettingRow } from './row.ts';

/** Where the incident is run: Slack and PagerDuty. */
export const SLACK_AND_PAGERDUTY = {
  SLACK_BOT_TOKEN: {
    group: 'Slack',
    schema: z.string().regex(/^xoxb-\S+$/),
    neededBy: 'the bot',
    expected: 'a token that starts with xoxb-',
    from: 'Slack app → OAuth & Permissions → Bot User OAuth Token',
    isSecret: true,
  },
  SLACK_SIGNING_SECRET: {
    group: 'Slack',
    schema: z.string().min(8).optional(),
    expected: 'the signing secret, needed unless SLACK_APP_TOKEN selects Socket Mode',
    from: 'Slack app → Basic Information → App Credentials',
    isSecret: true,
  },
  SLACK_APP_TOKEN: {
    group: 'Slack',
    schema: z
      .string()
      .regex(/^xapp-\S+$/)
      .optional(),
    expected: 'a token that starts with xapp-',
    from: 'Slack app → Basic Information → App-Level Tokens',
    absent: 'Slack reaches Gapwatch by HTTP',
    isSecret: true,
  },
  SLACK_CHANNEL: {
    group: 'Slack',
    schema: z
      .string()
      .regex(/^#?[^\s#]{1,80}$/)
      .default('#incidents'),
    expected: 'a channel name or ID',
    from: 'Slack',
    example: 'C0123456789',
  },
  SLACK_API_URL: {
    group: 'Slack',
    schema: httpUrl.default('https://slack.com/api/'),
    expected: 'an http(s) URL that ends in /api/',
    from: 'Slack',
  },
  PAGERDUTY_API_TOKEN: {
    group: 'PagerDuty',
    schema: nonEmpty,
    neededBy: 'the bot',
    expected: 'a REST API key',
    from: 'PagerDuty → Integrations → API Access Keys',
    isSecret: true,
  },
  PAGERDUTY_FROM_EMAIL: {
    group: 'PagerDuty',
    schema: email,
    neededBy: 'the bot',
    expected: 'an e-mail address of a user of your PagerDuty account',
    from: 'PagerDuty → People → Users',
  },
  PAGERDUTY_WEBHOOK_SECRET: {
    group: 'PagerDuty',
    schema: nonEmpty,
    neededBy: 'the bot',
    expected: 'one or more webhook secrets, separated by commas (several while one is rotated)',
    from: 'PagerDuty → Integrations → Generic Webhooks (v3), shown once when the subscription is made',
    isSecret: true,
  },
  PAGERDUTY_API_URL: {
    group: 'PagerDuty',
    schema: httpUrl.default('https://api.pagerduty.com'),
    expected: 'an http(s) URL',
    from: 'PagerDuty; the EU region has its own',
    example: 'https://api.eu.pagerduty.com',
  },
  PAGERDUTY_ROUTING_KEY: {
    group: 'PagerDuty',
    schema: z
      .string()
      .regex(/^\w{32}$/)
      .optional(),
    expected: 'an integration key of 32 characters',
    from: 'PagerDuty → the service → Integrations → Events API V2',
    absent: 'the watch tells #incidents directly',
    isSecret: true,
  },
  PAGERDUTY_EVENTS_URL: {
    group: 'PagerDuty',
    schema: httpUrl.default('https://events.pagerduty.com'),
    expected: 'an http(s) URL',
    from: 'PagerDuty; the EU region has its own',
    example: 'https://events.eu.pagerduty.com',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;

/** Who is told by mail. */
export const MAIL = {
  SMTP_URL: {
    group: 'Mail',
    schema: z.string().refine(isSmtpUrl, 'it is no address, or a character in user or password must be percent-encoded'),
    neededBy: 'the bot',
    expected:
      'smtp://user:password@host:587 or smtps://user:password@host:465; write @ : / # ? % in user or password as %40 %3A %2F %23 %3F %25',
    from: 'your mail server',
    isSecret: true,
  },
  MAIL_FROM: {
    group: 'Mail',
    schema: mailbox,
    neededBy: 'the bot',
    expected: 'an e-mail address, or Name <address>',
    from: 'your mail server: an address it may send from',
  },
  PRIVACY_OFFICER_EMAIL: {
    group: 'Mail',
    schema: mailboxes,
    neededBy: 'the bot',
    expected: 'an e-mail address or Name <address>; several are separated by commas',
    from: 'your Privacy Officer',
  },
  SECURITY_OFFICER_EMAIL: {
    group: 'Mail',
    schema: mailboxes.optional(),
    expected: 'an e-mail address or Name <address>; several are separated by commas',
    from: 'your Security Officer (CISO), told when a gap passes 30 minutes',
  },
  COMPLIANCE_COUNSEL_EMAIL: {
    group: 'Mail',
    schema: mailboxes.optional(),
    expected: 'an e-mail address or Name <address>; several are separated by commas',
    from: 'your compliance counsel, told when a gap passes 24 hours',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;

/** A password with `#` or `/` in it ends the address early, and then the host is not the one that was meant. */
function isSmtpUrl(text: string): boolean {
  if (!/^smtps?:\/\/[^\s@/?#]*(?:@[^\s@/?#]+)?\/?(?:\?\S*)?$/.test(text)) return false;
  return URL.canParse(text) && new URL(text).hostname !== '';
}
