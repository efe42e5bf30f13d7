-- The Slack channel that a name in the settings meant when it was first found: people rename channels, IDs stay.
create table gapwatch.slack_channels (
  setting text primary key,
  channel_id text not null,
  found_at timestamptz not null
);
