import { byPattern, type Rule } from './rule.ts';
import { isVocabulary } from './vocabulary.ts';

/**
 * A single word in quotes is often a value (a login, a surname), unless what stands before it says that it is a thing: a table, a module.
 * Sentences in quotes are people's or programs' words and go through the other rules.
 */
export const QUOTE_RULES: readonly Rule[] = [
  byPattern(
    'word in quotes',
    '[text]',
    /(?<![\p{L}\p{N}\\])(?:"(?<hide>[^"\s]{1,100})"|'(?<single>[^'\s]{1,100})')(?!\s{0,2}[:=]|\w)/u,
    isValue,
  ),
  byPattern('word in single quotes', '[text]', /(?<![\p{L}\p{N}\\])'(?<hide>[^'\s]{1,100})'(?!\s{0,2}[:=]|\w)/u, isValue),
];

const THING =
  /(?:\b(?:relation|tables?|columns?|constraint|index|schema|database|role|trigger|function|type|sequence|view|extension|publication|subscription|operator|file|host|module|package|command|event|reading|path|model|field|fields|property|option|setting|method|class|enum|parameter|variable|key|collation|tablespace|procedure|partition|slot|queue|job|job name|service|component|container|image|branch|environment|step|stage|workflow|signal|code|status|state|level|action|resource|directory|server|statement|cursor|policy|rule|language|encoding|identifier|keyword|near|syntax|version|on|of|deployment|pod|app|alert|check|dashboard|metric|channel|label|button|import|from|require|cannot find|database user|in|owner of)|[{,[]|[-=]>|\bat)\s{0,2}(?:"[^"\s]{1,100}"[.,]\s?)?["'`(]?$/i;

function isValue(hidden: string, match: RegExpMatchArray): boolean {
  const start = match.index ?? 0;
  const before = (match.input ?? '').slice(Math.max(0, start - 60), start);
  const word = hidden.replace(/^["']|["']$/g, '');
  if (/[\ue000-\ue0ff]/.test(word)) return false;
  return !THING.test(before) && !isTechnical(word);
}

/** SQL in capitals, codes, names of classes and of functions, paths, versions, and words that everybody writes. */
function isTechnical(word: string): boolean {
  return (
    /^[A-Z\d_:.-]+$/.test(word) ||
    /^[A-Za-z]+[a-z][A-Z]\w*$/.test(word) ||
    /[/(){}*$%<>=]/.test(word) ||
    /^[\d.]+\w{0,3}$/.test(word) ||
    isVocabulary(word)
  );
}
