import { ServiceFailure } from './failure.ts';
import { http } from './http.ts';

/** An outside dead-man's switch: it alarms somebody when it is not asked any more. */
export type Heartbeat = { readonly beat: () => Promise<void> };

/** Connects to the switch at `url`. Beating throws a ServiceFailure when it does not answer 2xx in time. */
export function connectHeartbeat(url: string): Heartbeat {
  return {
    beat: async () => {
      const { status } = await http('heartbeat', url, { deadline: 5_000, limit: 1_000 });
      if (status < 200 || status > 299) throw new ServiceFailure('heartbeat', 'unavailable', `the dead-man's switch answered ${status}`);
    },
  };
}
