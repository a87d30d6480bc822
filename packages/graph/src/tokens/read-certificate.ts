/* Reads the PEM of a certificate credential. Of several certificates the one that the private key belongs to signs. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

export interface Certificate {
  /** SHA-256 of the certificate, hexadecimal: Entra finds the registered one by it. */
  readonly thumbprintSha256: string;
  /** PKCS#8. */
  readonly privateKey: string;
  /** The certificate, and after it the rest of the chain: what x5c carries. */
  readonly chain: string;
  readonly expiresAtMs: number;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END (?:RSA |EC )?PRIVATE KEY-----/;
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/;
/** More than any chain has. */
const CERTIFICATES_MAX = 10;

/** Never throws; what is refused is said without showing any of it. */
export function readCertificate(pem: string): Certificate | { readonly refused: string } {
  if (ENCRYPTED.test(pem)) return refused('its private key is encrypted, and there is nobody to ask for the password');
  const keyPem = PRIVATE_KEY.exec(pem)?.[0];
  if (keyPem === undefined) return refused('it holds no private key (PEM, "BEGIN PRIVATE KEY")');
  const pems = pem.match(CERTIFICATE) ?? [];
  if (pems.length === 0) return refused('it holds no certificate (PEM, "BEGIN CERTIFICATE")');
  if (pems.length > CERTIFICATES_MAX) return refused(`it holds more than ${CERTIFICATES_MAX} certificates`);
  try {
    return matchKey(createPrivateKey(keyPem), pems);
  } catch {
    return refused('a certificate or the private key in it cannot be read');
  }
}

function matchKey(key: KeyObject, pems: readonly string[]): Certificate | { readonly refused: string } {
  if (key.asymmetricKeyType !== 'rsa') return refused('its private key is no RSA key, the only kind that Entra takes');
  const certificates = pems.map((pem) => new X509Certificate(pem));
  const at = certificates.findIndex((certificate) => certificate.checkPrivateKey(key));
  const own = certificates[at];
  if (own === undefined) return refused('its private key belongs to none of its certificates');
  return {
    thumbprintSha256: own.fingerprint256.replaceAll(':', ''),
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    chain: [pems[at], ...pems.filter((_, n) => n !== at)].join('\n'),
    expiresAtMs: own.validToDate.getTime(),
  };
}

function refused(reason: string): { readonly refused: string } {
  return { refused: reason };
}
