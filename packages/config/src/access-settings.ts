/* The table of who may ask the intake and the console, and of their certificate. */
import { OBJECT_ID } from '@sluice/core';
import { bad, custom, good } from './setting.ts';

const filePath = (name: string, rule: string, meaning: string) =>
  custom<string | null>({ name, fallback: null, fallbackShown: 'none', rule: `must be ${rule}`, meaning, read: good });

export const ACCESS_SETTINGS = {
  apiKeysFile: filePath(
    'SLUICE_API_KEYS_FILE',
    'the path of a file of keys, as `sluice keys create` writes it',
    'Who may ask the intake and the console, and what. The file holds hashes, never keys, and is read again when it changes.',
  ),
  jwtTenantId: custom<string | null>({
    name: 'SLUICE_JWT_TENANT_ID',
    fallback: null,
    fallbackShown: 'none',
    rule: 'must be a directory (tenant) id, a GUID',
    meaning: 'With SLUICE_JWT_AUDIENCE: access tokens of this Entra tenant are taken as well, or instead of keys.',
    read: (text) => (OBJECT_ID.test(text) ? good(text.toLowerCase()) : bad()),
  }),
  jwtAudience: custom<string | null>({
    name: 'SLUICE_JWT_AUDIENCE',
    fallback: null,
    fallbackShown: 'none',
    rule: 'must be the audience (aud) that tokens name',
    meaning: 'The app registration that stands for this Sluice: its client id, or its application id URI (api://…).',
    read: good,
  }),
  jwtIssuer: custom<string | null>({
    name: 'SLUICE_JWT_ISSUER',
    fallback: null,
    fallbackShown: 'by cloud and tenant',
    rule: 'must be the issuer (iss) that tokens name',
    meaning: 'Only for tokens that Entra did not issue, such as those of a test.',
    read: good,
  }),
  jwtKeysUrl: custom<string | null>({
    name: 'SLUICE_JWT_KEYS_URL',
    fallback: null,
    fallbackShown: 'by cloud and tenant',
    rule: 'must be the URL of a JSON Web Key Set',
    meaning: 'Where the keys are fetched that tokens are signed with. Only for tokens that Entra did not issue.',
    read: good,
  }),
  tlsCertFile: filePath(
    'SLUICE_TLS_CERT_FILE',
    'the path of a PEM file: the certificate, then those that signed it',
    'With SLUICE_TLS_KEY_FILE: the intake and the console speak https, and nothing else. Both files are read again when they change.',
  ),
  tlsKeyFile: filePath(
    'SLUICE_TLS_KEY_FILE',
    'the path of a PEM file with the private key, not encrypted',
    'The private key of SLUICE_TLS_CERT_FILE.',
  ),
} as const;
