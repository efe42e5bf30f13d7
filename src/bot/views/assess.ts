import { typedText } from '#bot/typed.ts';
import type { Policy } from '#domain/base/policy.ts';
import { formatDuration } from '#domain/base/time.ts';
import { durationClass, unaccountedLength } from '#domain/gap/gap.ts';
import { impactSchema } from '#domain/incident/event.ts';
import type { Incident } from '#domain/incident/state.ts';
import { controlsOf } from '#domain/messages/view.ts';
import { execute } from '#workflows/execute.ts';
import { type Form, KEPT, wrong } from './form.ts';

const IMPACTS = impactSchema.options;

/** Runbook §16: the four factors, filled in as far as they are known, confirmed by the person who sends the form. */
export const assessForm: Form = {
  name: 'assess',
  title: 'Assess the impact',
  submit: 'Sign and confirm',
  fields: (incident, { policy, now }) => {
    const known = incident?.followUp.assessment;
    const total = (incident?.gaps ?? []).reduce((sum, gap) => sum + unaccountedLength(gap, now()), 0);
    const access = incident ? accessWords(incident) : '';
    return [
      {
        kind: 'words',
        text: `Unaccounted for: *${formatDuration(total)}*. Low under 5 minutes, Medium 5 to 30, High over 30.\nPHI access: Low under 10, Medium 10 to 100, High over 100.\nWhether HHS must be notified is for the Privacy Officer.`,
      },
      {
        kind: 'choice',
        id: 'duration-impact',
        label: 'Gap duration: impact',
        options: IMPACTS,
        initial: known?.durationImpact ?? durationClass(total),
      },
      {
        kind: 'text',
        id: 'access',
        label: 'PHI access during the gap: estimate and its source',
        hint: 'For an estimate from the application log, run /audit reconstruct first.',
        initial: known?.access ?? access,
        isLong: true,
        isRequired: true,
      },
      {
        kind: 'choice',
        id: 'access-impact',
        label: 'PHI access: impact',
        options: IMPACTS,
        initial: known?.accessImpact ?? 'Unknown',
      },
      {
        kind: 'text',
        id: 'controls',
        label: 'Compensating controls: yes or no, and which',
        initial: known?.controls ?? controlsWords(incident, policy),
        isLong: true,
        isRequired: true,
      },
      {
        kind: 'text',
        id: 'earlier',
        label: 'Previous gaps in the last 12 months',
        initial: known?.earlierGaps ?? incident?.followUp.earlierGaps?.text ?? '',
        isLong: true,
        isRequired: true,
      },
    ];
  },
  take: async (context, { incident, values, requester }) => {
    if (!incident) return wrong('access', 'There is no incident any more.');
    const said = (id: string) => typedText(values[id]);
    const durationImpact = impactSchema.catch('Unknown').parse(values['duration-impact']);
    const impactOfAccess = impactSchema.catch('Unknown').parse(values['access-impact']);
    const assessment = {
      durationImpact,
      access: said('access'),
      accessImpact: impactOfAccess,
      controls: said('controls'),
      earlierGaps: said('earlier'),
      summary: `gap duration ${durationImpact}, PHI access ${impactOfAccess}`,
    };
    const { refused } = await execute(context, incident.number, { kind: 'assess', assessment }, requester);
    return refused ? wrong('access', refused.message.replaceAll('`', '')) : KEPT;
  },
};

/** What `/audit reconstruct` found; nothing while it was not run. */
function accessWords({ checks }: Incident): string {
  const last = checks.findLast(({ check }) => check === 'reconstruct');
  return last ? `${last.verdict.evidence} (from the application's log)` : '';
}

function controlsWords(incident: Incident | null, policy: Policy): string {
  const controls = incident ? controlsOf(incident, policy) : policy.compensatingControls;
  return controls.length === 0 ? 'No: none are recorded' : `Yes: ${controls.join('; ')}`;
}
