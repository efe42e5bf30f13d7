import { CLINICAL_RULES } from './clinical.ts';
import { CONTACT_RULES } from './contact.ts';
import { DATABASE_RULES } from './database.ts';
import { FIELD_RULES } from './fields.ts';
import { NAME_RULES } from './name-rules.ts';
import { NETWORK_RULES } from './network.ts';
import { BIRTH_RULES, NUMBER_RULES } from './numbers.ts';
import { PATH_RULES } from './paths.ts';
import { QUOTE_RULES } from './quotes.ts';
import type { Rule } from './rule.ts';
import { SECRET_RULES } from './secrets.ts';

/** All rules, in the order of their application: what holds a whole (a row, an address, a token) goes before its parts. */
export const RULES: readonly Rule[] = [
  ...DATABASE_RULES,
  ...SECRET_RULES,
  ...CLINICAL_RULES,
  ...CONTACT_RULES,
  ...BIRTH_RULES,
  ...FIELD_RULES,
  ...PATH_RULES,
  ...NETWORK_RULES,
  ...NUMBER_RULES,
  ...NAME_RULES,
  ...QUOTE_RULES,
];
