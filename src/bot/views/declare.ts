import { typedText } from '#bot/typed.ts';
import { openOrJoin } from '#workflows/execute.ts';
import { type Form, KEPT, wrong } from './form.ts';

/** Opens an incident without an alert, or an exercise. */
export const declareForm: Form = {
  name: 'declare',
  title: 'Declare an incident',
  submit: 'Declare',
  fields: () => [
    { kind: 'text', id: 'reason', label: 'What do you see?', initial: '', isLong: true, isRequired: true },
    { kind: 'tick', id: 'drill', label: 'Exercise', text: 'This is a drill: PagerDuty and outside mail stay untouched' },
  ],
  take: async (context, { values, requester }) => {
    const reason = typedText(values.reason, 300);
    const isDrill = (values.drill ?? '') !== '';
    const { refused } = await openOrJoin(context, (number) => ({ kind: 'declare', number, reason, isDrill }), requester);
    return refused ? wrong('reason', refused.message.replaceAll('`', '')) : KEPT;
  },
};
