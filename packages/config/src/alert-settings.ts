/* The table of alerts that Sluice tells by itself, for teams without Alertmanager. */
import { custom, good, whole } from './setting.ts';

export const ALERT_SETTINGS = {
  alertWebhookUrl: custom<string | null>({
    name: 'SLUICE_ALERT_WEBHOOK_URL',
    fallback: null,
    fallbackShown: 'none',
    rule: 'must be an https URL without user and password',
    meaning:
      'The console posts JSON with a `text` here, when a state that needs a person begins and when it ends: a hold, an old activity, dead letters that grow, a credential that ends. Chat services take it as it is.',
    secret: true,
    read: good,
  }),
  alertAgeMs: whole(
    'SLUICE_ALERT_AGE_MS',
    { min: 1000, max: 30 * 86_400_000, fallback: 900_000 },
    'An activity that has waited longer than this is told to the webhook.',
  ),
} as const;
