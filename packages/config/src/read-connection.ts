/* The settings of a connection, and what must fit together among them. */
import type { ConnectionConfig } from './config.ts';
import type { Environment } from './environment.ts';
import { CONNECTION_SETTINGS } from './settings.ts';
import { valuesOf } from './values-of.ts';

export function readConnection(environment: Environment): ConnectionConfig {
  const { rateInitial, rateMax, probeBudget, quotaShare, ...rest } = valuesOf(environment, CONNECTION_SETTINGS);
  const { leaseMs, callTimeoutMs, retryCapMs, retryBaseMs } = CONNECTION_SETTINGS;
  const placeOf = ({ name }: { readonly name: string }) => environment.given(name)?.where ?? name;
  if (rest.leaseMs < rest.callTimeoutMs + 5000) {
    environment.refuse(
      placeOf(leaseMs),
      `is ${rest.leaseMs} and ${placeOf(callTimeoutMs)} is ${rest.callTimeoutMs}: the lease must be at least 5000 longer than the call`,
    );
  }
  if (rest.retryCapMs < rest.retryBaseMs) {
    environment.refuse(
      placeOf(retryCapMs),
      `is ${rest.retryCapMs} and ${placeOf(retryBaseMs)} is ${rest.retryBaseMs}: the cap must not be below the base`,
    );
  }
  return { ...rest, quota: { rateInitial, rateMax, probeBudget, share: quotaShare } };
}
