import { byPattern, type Rule } from './rule.ts';

const SEGMENT = '(?:MSH|EVN|PID|PD1|NK1|PV1|PV2|OBX|OBR|ORC|GT1|IN1|IN2|AL1|DG1|PR1|MRG|ZPD|NTE|SCH|AIP|RXA|ACC)';
const RESOURCE =
  '(?:Patient|Practitioner|PractitionerRole|RelatedPerson|Person|Encounter|Observation|Condition|Coverage|Appointment|MedicationRequest|DiagnosticReport|Procedure|Immunization|AllergyIntolerance|DocumentReference|EpisodeOfCare|CarePlan|Claim)';

/** HL7 version 2 (segments, components), FHIR (references, names) and DICOM, as they stand in logs. */
export const CLINICAL_RULES: readonly Rule[] = [
  byPattern(
    'HL7 segment of a person',
    '[row]',
    new RegExp(
      String.raw`(?<![\w])(?:PID|PD1|NK1|PV1|PV2|OBX|OBR|GT1|IN1|IN2|AL1|DG1|MRG|ZPD|NTE|AIP|ACC)(?<hide>\|(?:(?!(?<!\w)${SEGMENT}\|)[^\n]){0,4000})`,
    ),
  ),
  byPattern(
    'HL7 components',
    '[name]',
    /(?<![\w^])(?!(?:ACK|ADT|ORU|ORM|SIU|MDM|DFT|VXU|OML|RDE|QBP|RSP)\^)[\p{L}\p{N}][\p{L}\p{N}\p{M}'.-]{0,40}(?:\^[\p{L}\p{N}\p{M}'.&@-]{0,40}(?: \p{Lu}[\p{L}\p{M}]{1,20}(?=\^))?){1,12}/u,
    (hidden) => !/^\d+\^\d+$/.test(hidden),
  ),
  byPattern(
    'FHIR reference',
    '[id]',
    new RegExp(String.raw`(?<![\w])${RESOURCE}\/(?<hide>[A-Za-z\d.-]{1,64})(?![\w-])`),
    (hidden) => !/^(?:_search|\$everything|_history)$/.test(hidden),
  ),
  byPattern('DICOM name', '[name]', /\(0010,00[123]0\)[^\n[]{0,20}(?<hide>\[[^\]\n]{0,100}\]?)/),
];
