/* A self-signed certificate, made here and now: tests need no openssl, and no private key lies in the repository. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface MadeCertificate {
  /** The certificate and its private key. */
  readonly pem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly publicKey: KeyObject;
  /** SHA-256 of the certificate, as base64url: what x5t#S256 carries. */
  readonly thumbprint: string;
  /** The certificate as x5c carries it. */
  readonly base64: string;
}

const SHA256_WITH_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const COMMON_NAME = [0x55, 0x04, 0x03];
const SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11];
const [INTEGER, BIT_STRING, OCTETS, NULL, OID, UTF8, UTC_TIME, SEQUENCE, SET] = [2, 3, 4, 5, 6, 12, 0x17, 0x30, 0x31];
/** Of a certificate: its version, its extensions. Of a name in it: a name of DNS, an address. */
const [VERSION, EXTENSIONS, DNS_NAME, IP_ADDRESS] = [0xa0, 0xa3, 0x82, 0x87];

/** For who is reached as localhost or 127.0.0.1. Each is its own authority. */
export function makeCertificate(commonName = 'sluice-test'): MadeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const algorithm = der(SEQUENCE, der(OID, SHA256_WITH_RSA), der(NULL));
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, der(OID, COMMON_NAME), der(UTF8, Buffer.from(commonName)))));
  const validity = der(
    SEQUENCE,
    der(UTC_TIME, Buffer.from('200101000000Z')),
    der(UTC_TIME, Buffer.from('491231235959Z')),
  );
  const serial = der(INTEGER, Buffer.from([1]), randomBytes(8));
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const version = der(VERSION, der(INTEGER, [2]));
  const names = der(SEQUENCE, der(DNS_NAME, Buffer.from('localhost')), der(IP_ADDRESS, [127, 0, 0, 1]));
  const extensions = der(EXTENSIONS, der(SEQUENCE, der(SEQUENCE, der(OID, SUBJECT_ALT_NAME), der(OCTETS, names))));
  const toSign = der(SEQUENCE, version, serial, algorithm, name, validity, name, key, extensions);
  const signature = der(BIT_STRING, Buffer.from([0]), sign('sha256', toSign, privateKey));
  const certificate = der(SEQUENCE, toSign, algorithm, signature);
  const base64 = certificate.toString('base64');
  const certificatePem = `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`;
  const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    pem: certificatePem + privateKeyPem,
    certificatePem,
    privateKeyPem,
    publicKey,
    thumbprint: createHash('sha256').update(certificate).digest('base64url'),
    base64,
  };
}

/** Tag, length, content. */
function der(tag: number, ...parts: (Uint8Array | readonly number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Uint8Array.from(part)));
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Uint8Array.from([tag, ...head]), content]);
}
