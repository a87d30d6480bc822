/* When a credential ends, as far as it says so itself: a certificate does, a secret and a federated token do not. */
import { readFile } from 'node:fs/promises';
import type { Credential } from './credential.ts';
import { readCertificate } from './read-certificate.ts';

/** Null: it does not say, or what it names cannot be read now. */
export async function readCredentialExpiryMs(credential: Credential): Promise<number | null> {
  if (credential.kind !== 'app' || credential.proof.kind !== 'certificate-file') return null;
  try {
    const certificate = readCertificate(await readFile(credential.proof.path, 'utf8'));
    return 'refused' in certificate ? null : certificate.expiresAtMs;
  } catch {
    return null;
  }
}
