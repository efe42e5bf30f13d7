import { policyPage } from './policy-page.ts';
import { envExample, settingsPage } from './settings/pages.ts';

/** Returns the files of the project that follow from its tables, by their path. `npm run generate` writes them. */
export function generatedFiles(): Readonly<Record<string, string>> {
  return { '.env.example': envExample(), 'docs/settings.md': settingsPage(), 'docs/policy.md': policyPage() };
}
