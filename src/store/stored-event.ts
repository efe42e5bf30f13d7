import { type RecordedEvent, recordedEventSchema } from '#domain/incident/event.ts';

/**
 * Names of event types as stored, where the code has another word. What is stored is evidence: its names never change, so that one
 * chain reads alike from its first event to its last, and any version can read it (docs/decisions/0013-stored-names.md).
 */
const STORED_TYPES: Readonly<Record<string, string>> = {
  'outbox.queued': 'call.requested',
  'outbox.delivered': 'call.succeeded',
  'outbox.failed': 'call.failed',
  'outbox.abandoned': 'call.abandoned',
  'outbox.superseded': 'call.superseded',
  'commander.named': 'claim.made',
  'commander.overdue': 'claim.overdue',
  'scribe.named': 'writer.named',
};

/** Fields of an event as stored, by the event's type in the code: the path to the field, and its stored name. */
const STORED_FIELDS: Readonly<Record<string, readonly (readonly [path: string, stored: string])[]>> = {
  'outbox.queued': [['payload', 'deed']],
  'outbox.delivered': [['answer.message', 'says']],
  'remedy.ended': [['message', 'says']],
  'earlier-gaps.counted': [['text', 'words']],
};

const CODE_TYPES = Object.fromEntries(Object.entries(STORED_TYPES).map(([code, stored]) => [stored, code]));

/** Returns the event as it is stored: plain JSON values under the stored names. */
export function toStored(recorded: RecordedEvent): Readonly<Record<string, unknown>> {
  const { event, ...rest } = objectOf(JSON.parse(JSON.stringify(recorded)));
  const { type, ...fields } = objectOf(event);
  const renamed = (STORED_FIELDS[String(type)] ?? []).reduce((before, [path, stored]) => rename(before, path, stored), fields);
  return { ...rest, fact: { type: STORED_TYPES[String(type)] ?? type, ...renamed } };
}

/** Returns the event behind stored values. Throws a ZodError for values that Gapwatch never stored. */
export function fromStored(stored: unknown): RecordedEvent {
  const { fact, ...rest } = objectOf(stored);
  const { type: storedType, ...fields } = objectOf(fact);
  const type = CODE_TYPES[String(storedType)] ?? storedType;
  const renamed = (STORED_FIELDS[String(type)] ?? []).reduce((before, [path, name]) => restore(before, path, name), fields);
  return recordedEventSchema.parse({ ...rest, event: { type, ...renamed } });
}

type Fields = Readonly<Record<string, unknown>>;

function rename(fields: Fields, path: string, stored: string): Fields {
  const [first = '', second] = path.split('.');
  if (second !== undefined) return { ...fields, [first]: rename(objectOf(fields[first]), second, stored) };
  const { [first]: value, ...others } = fields;
  return { ...others, [stored]: value };
}

function restore(fields: Fields, path: string, stored: string): Fields {
  const [first = '', second] = path.split('.');
  if (second !== undefined) return { ...fields, [first]: restore(objectOf(fields[first]), second, stored) };
  const { [stored]: value, ...others } = fields;
  return { ...others, [first]: value };
}

function objectOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
