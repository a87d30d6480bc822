/*
  deliver: what an application proves itself with, as it is now. A file is read for each token request, because whoever rotates
  a secret only writes the file. While it cannot be read, or is half written, what was last read from it stands in.
*/
import { open } from 'node:fs/promises';
import type { NodeAuthOptions } from '@azure/msal-node';
import type { Proof } from './credential.ts';
import { readCertificate } from './read-certificate.ts';
import { TokenError } from './token-source.ts';

export interface ProofInForce {
  readonly auth: Pick<NodeAuthOptions, 'clientSecret' | 'clientAssertion' | 'clientCertificate'>;
  /** Must appear in no message. */
  readonly secrets: readonly string[];
}

/** A chain of ten certificates and a key have about 30 KiB. */
const FILE_BYTES_MAX = 64 * 1024;

/** Answers the same object as long as nothing has changed; rejects with a TokenError when nothing usable was ever read. */
export function openProof(proof: Proof): () => Promise<ProofInForce> {
  if (proof.kind === 'secret') {
    const fixed = secretOf(proof.secret);
    return async () => fixed;
  }
  let last: { readonly text: string; readonly proof: ProofInForce } | null = null;
  return async () => {
    const read = await readProof(proof, last);
    if ('proof' in read) last = read;
    else if (last === null) throw new TokenError('credential', `${proof.path} cannot be used: ${read.refused}`);
    return last.proof;
  };
}

interface ReadProof {
  readonly text: string;
  readonly proof: ProofInForce;
}

async function readProof(
  { kind, path }: Exclude<Proof, { kind: 'secret' }>,
  last: ReadProof | null,
): Promise<ReadProof | { readonly refused: string }> {
  let text: string;
  try {
    text = await readText(path);
  } catch (error) {
    const { code } = error as { code?: unknown };
    return { refused: `the file cannot be read (${typeof code === 'string' ? code : 'unknown cause'})` };
  }
  if (text === '') return { refused: 'the file is empty' };
  if (text === last?.text) return last;
  if (kind === 'secret-file') return { text, proof: secretOf(text) };
  if (kind === 'assertion-file') return { text, proof: { auth: { clientAssertion: text }, secrets: [text] } };
  const certificate = readCertificate(text);
  if ('refused' in certificate) return certificate;
  const { thumbprintSha256, privateKey, chain } = certificate;
  return { text, proof: { auth: { clientCertificate: { thumbprintSha256, privateKey, x5c: chain } }, secrets: [] } };
}

async function readText(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FILE_BYTES_MAX), 0, FILE_BYTES_MAX, 0);
    if (bytesRead === FILE_BYTES_MAX) throw Object.assign(new Error('too large'), { code: 'larger than 64 KiB' });
    return buffer.toString('utf8', 0, bytesRead).trim();
  } finally {
    await file.close();
  }
}

function secretOf(clientSecret: string): ProofInForce {
  return { auth: { clientSecret }, secrets: [clientSecret] };
}
